#include "core/meant.h"

#include "core/edit_places.h"

#include <doctest/doctest.h>

namespace mixagent {
namespace {

const std::string patch =
    "*** Begin Patch\n*** Update File: a.py\n@@\n-x = 1\n+x = 2\n*** End Patch";
const std::string unified = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n";
const Action edited = EditFile{"a.py", {{"x = 1\n", "x = 2\n", false, 0}}};

TEST_CASE("calls that say one thing in the form of another") {
  struct Case {
    const char* name;
    Action action;
    std::vector<Action> meant;  // empty: as it says
  };
  const std::vector<Case> cases = {
      {"a file", WriteFile{"a.py", "x = 1\n"}, {}},
      {"a patch as a file", WriteFile{"a.py", patch + "\n"}, {edited}},
      {"a diff as a file", WriteFile{"a.py", unified}, {edited}},
      {"a patch file", WriteFile{"fix.patch", unified}, {}},
      {"a file in a fence",
       WriteFile{"a.py", "```python\nx = 1\n```\n"},
       {WriteFile{"a.py", "x = 1\n"}}},
      {"prose may begin and end with fences", WriteFile{"README.md", "```\nx\n```\n"}, {}},
      {"two fences are content", WriteFile{"a.py", "```\nx\n```\ny\n```\nz\n```\n"}, {}},
      {"an edit that is a patch", EditFile{"a.py", {{"", patch, false, 0}}}, {edited}},
      {"an edit", edited, {}},
      {"a patch as a command", RunCommand{"apply_patch <<'EOF'\n" + patch + "\nEOF", 0}, {edited}},
      {"a command", RunCommand{"cat <<'EOF'\n" + patch + "\nEOF", 0}, {}},
      {"a patch that cannot be read", WriteFile{"a.py", "*** Begin Patch\nnonsense\n"}, {}},
      {"several files",
       RunCommand{
           "apply_patch '*** Begin Patch\n*** Add File: b.py\n+y = 1\n*** Update File: a.py\n"
           "-x = 1\n+x = 2\n*** End Patch'",
           0},
       {WriteFile{"b.py", "y = 1\n"}, edited}},
  };
  for (const auto& one : cases) {
    CAPTURE(one.name);
    CHECK(meant_by(one.action).value_or(std::vector<Action>{}) == one.meant);
  }
}

TEST_CASE("a file sent whole is written as the old one was") {
  struct Case {
    const char* name;
    std::string old_bytes, content, bytes;
  };
  const std::vector<Case> cases = {
      {"plain", "a\nb\n", "a\nc\n", "a\nc\n"},
      {"CRLF", "a\r\nb\r\n", "a\nc\nd\n", "a\r\nc\r\nd\r\n"},
      {"CRLF sent as such", "a\r\nb\r\n", "a\r\nc\r\n", "a\r\nc\r\n"},
      {"mark",
       "\xef\xbb\xbf"
       "a\n",
       "b\n",
       "\xef\xbb\xbf"
       "b\n"},
      {"open end, last line unchanged", "a\nb", "c\nb\n", "c\nb"},
      {"open end, last line changed", "a\nb", "a\nc\n", "a\nc\n"},
      {"Latin-1", "caf\xe9\nx\n", "caf\xc3\xa9\ny\n", "caf\xe9\ny\n"},
      {"Latin-1 that cannot hold it", "caf\xe9\n", "\xe2\x82\xac\n", "\xe2\x82\xac\n"},
      {"empty before", "", "a\n", "a\n"},
      {"empty after", "a\r\n", "", ""},
  };
  for (const auto& one : cases) {
    CAPTURE(one.name);
    CHECK(write_like(one.old_bytes, one.content) == one.bytes);
  }
}

}  // namespace
}  // namespace mixagent
