#include "core/text_protocol.h"

#include "base/text.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace mixagent {
namespace {

using Strings = std::vector<std::string>;

Search search_for(const std::string& pattern) {
  Search search;
  search.pattern = pattern;
  return search;
}
EditFile edit_of(const std::string& path,
                 const std::vector<std::pair<std::string, std::string>>& edits) {
  EditFile edit{path, {}};
  for (const auto& [search, replace] : edits) edit.edits.push_back({search, replace, false, 0});
  return edit;
}

struct Case {
  const char* name;
  std::string reply;
  std::vector<Action> actions;
  Strings faults;
};

void check(const std::vector<Case>& cases, const std::string& terminal = "finish") {
  for (const auto& one : cases) {
    INFO(std::string(one.name));
    const auto parsed = parse_text_actions(one.reply, terminal);
    INFO(join(parsed.faults, " | "));
    CHECK(parsed.faults == one.faults);
    CHECK(parsed.actions.size() == one.actions.size());
    CHECK(parsed.actions == one.actions);
    const auto crlf = parse_text_actions(replace_all(one.reply, "\n", "\r\n"), terminal);
    CHECK(crlf.actions == one.actions);
    CHECK(crlf.faults == one.faults);
  }
}

TEST_CASE("the blocks of the protocol") {
  check({
      {"nothing", "I will look into it.\n", {}, {}},
      {"write",
       "```write src/page.py\nclass Page:\n    pass\n```\n",
       {WriteFile{"src/page.py", "class Page:\n    pass\n"}},
       {}},
      {"write an empty file",
       "```write src/__init__.py\n```\n",
       {WriteFile{"src/__init__.py", ""}},
       {}},
      {"edit",
       "```edit src/list.py\n<<<<<<< SEARCH\nold\n=======\nnew\nlines\n>>>>>>> REPLACE\n```\n",
       {edit_of("src/list.py", {{"old\n", "new\nlines\n"}})},
       {}},
      {"two edits and a deletion in one block",
       "```edit a\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n\n<<<<<<< "
       "SEARCH\nz\n=======\n>>>>>>> REPLACE\n```\n",
       {edit_of("a", {{"x\n", "y\n"}, {"z\n", ""}})},
       {}},
      {"run", "```run\npytest -q\n```\n", {RunCommand{"pytest -q", 0}}, {}},
      {"run a script", "```run\nset -e\nmake\n```\n", {RunCommand{"set -e\nmake", 0}}, {}},
      {"run beside the word", "```run pytest -q\n```\n", {RunCommand{"pytest -q", 0}}, {}},
      {"run on one line", "```run pytest -q```\n", {RunCommand{"pytest -q", 0}}, {}},
      {"run with a time limit", "```run 60\nmake\n```\n", {RunCommand{"make", 60}}, {}},
      {"read a range", "```read src/list.py 10-80\n```\n", {ReadFile{"src/list.py", 10, 80}}, {}},
      {"read a line", "```read src/list.py 10\n```\n", {ReadFile{"src/list.py", 10, 10}}, {}},
      {"read to the end", "```read src/list.py 10-\n```\n", {ReadFile{"src/list.py", 10, 0}}, {}},
      {"read with a space in the name",
       "```read my notes.txt\n```\n",
       {ReadFile{"my notes.txt", 0, 0}},
       {}},
      {"read several from the body",
       "```read\na.py\nb.py 3-4\n```\n",
       {ReadFile{"a.py", 0, 0}, ReadFile{"b.py", 3, 4}},
       {}},
      {"read without an end",
       "```read a.py\n```read b.py\n```search x y\n",
       {ReadFile{"a.py", 0, 0}, ReadFile{"b.py", 0, 0}, search_for("x y")},
       {}},
      {"search", "```search def paginate\n```\n", {search_for("def paginate")}, {}},
      {"list", "```list src\n```\n", {ListFiles{"src", "", 0}}, {}},
      {"list everything", "```list\n```\n", {ListFiles{}}, {}},
      {"list with a pattern", "```list src **/*.py\n```\n", {ListFiles{"src", "**/*.py", 0}}, {}},
      {"finish",
       "```finish\nAdded paging.\n\nTests pass.\n```\n",
       {Finish{"Added paging.\n\nTests pass.", {}}},
       {}},
      {"finish with code in it",
       "```finish\nUse it so:\n```python\nf()\n```\nDone.\n```\n",
       {Finish{"Use it so:\n```python\nf()\n```\nDone.", {}}},
       {}},
      {"give_up", "```give_up\nno network\n```\n", {GiveUp{"no network"}}, {}},
      {"ask", "```ask\nWhich of the two?\n```\n", {AskAdvisor{"Which of the two?"}}, {}},
      {"the tools' own names",
       "```run_command\nls\n```\n```read_file a.py\n```\n",
       {RunCommand{"ls", 0}, ReadFile{"a.py", 0, 0}},
       {}},
      {"several, in order, with prose between",
       "First I look:\n```read a.py\n```\nThen I run it.\n\n```run\npython a.py\n```\nThat is "
       "all.\n```finish\ndone\n```\n",
       {ReadFile{"a.py", 0, 0}, RunCommand{"python a.py", 0}, Finish{"done", {}}},
       {}},
      {"indented in a list",
       "1. Write it:\n   ```write a.py\n   def f():\n       pass\n   ```\n",
       {WriteFile{"a.py", "def f():\n    pass\n"}},
       {}},
      {"other code is prose",
       "Like this:\n```python\nprint(1)\n```\nand\n```\noutput\n```\n```bash\nls\n```\n",
       {},
       {}},
  });
}

TEST_CASE("fences inside of content") {
  check({
      {"a longer fence holds shorter ones",
       "````write README.md\n# A\n```\ncode\n```\n````\n",
       {WriteFile{"README.md", "# A\n```\ncode\n```\n"}},
       {}},
      {"pairs with a language",
       "```write README.md\n# A\n```python\nf()\n```\nend\n```\n```finish\nok\n```\n",
       {WriteFile{"README.md", "# A\n```python\nf()\n```\nend\n"}, Finish{"ok", {}}},
       {}},
      {"an anonymous pair cannot be told from an end",
       "```write README.md\n# A\n```\ncode\n```\nend\n```\n```finish\nok\n```\n",
       {},
       {"line 1: README.md seems to hold ``` lines of its own: put a longer fence (````) around it",
        "finish was not taken because of the faults above"}},
      {"inside SEARCH/REPLACE markers",
       "```edit README.md\n<<<<<<< SEARCH\n```\nold\n```\n=======\n```\nnew\n```\n>>>>>>> "
       "REPLACE\n```\n",
       {edit_of("README.md", {{"```\nold\n```\n", "```\nnew\n```\n"}})},
       {}},
      {"a longer fence is no end",
       "```write a.md\n````\nx\n````\n```\n",
       {WriteFile{"a.md", "````\nx\n````\n"}},
       {}},
      {"output in a block of its own after code",
       "```write a.py\nprint(1)\n```\nIt prints:\n```\n1\n```\n",
       {WriteFile{"a.py", "print(1)\n"}},
       {}},
  });
}

TEST_CASE("what cannot be read is told once") {
  check({
      {"write without a path",
       "```write\nx\n```\n",
       {},
       {"line 1: a write block needs a path: ```write PATH"}},
      {"not closed",
       "```write a.py\nx = 1\n",
       {},
       {"line 1: the block 'write a.py' is not closed with ``` on a line of its own; nothing of it "
        "was done"}},
      {"not closed before the next",
       "```write a.py\nx = 1\n\n```run\nls\n```\n",
       {RunCommand{"ls", 0}},
       {"line 1: the block 'write a.py' is not closed with ``` on a line of its own; nothing of it "
        "was done"}},
      {"finish after a fault",
       "```write\nx\n```\n```run\nls\n```\n```finish\nok\n```\n",
       {RunCommand{"ls", 0}},
       {"line 1: a write block needs a path: ```write PATH",
        "finish was not taken because of the faults above"}},
      {"a cut patch",
       "*** Begin Patch\n*** Update File: a.py\n-x\n+y\n",
       {},
       {"line 1: the patch is not closed with *** End Patch; nothing of it was done"}},
      {"edit without markers",
       "```edit a.py\nx = 1\n```\n",
       {},
       {"line 1: a.py: no <<<<<<< SEARCH block and no @@ hunk in it"}},
      {"markers without an end",
       "```edit a.py\n<<<<<<< SEARCH\nx\n=======\ny\n```\n```run\nls\n```\n",
       {RunCommand{"ls", 0}},
       {"line 1: a.py: no >>>>>>> REPLACE at the end; nothing of this block was done"}},
      {"markers without a middle",
       "```edit a.py\n<<<<<<< SEARCH\nx\n>>>>>>> REPLACE\n```\n",
       {},
       {"line 1: a.py: >>>>>>> REPLACE without ======= before it; nothing of this block was done"}},
      {"two middles",
       "```edit a.rst\n<<<<<<< SEARCH\nT\n=======\nx\n=======\ny\n>>>>>>> REPLACE\n```\n",
       {},
       {"line 1: a.rst: two ======= lines: which one divides cannot be told; use write; nothing of "
        "this block was done"}},
      {"markers without a path",
       "Here:\n```python\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```\n",
       {},
       {"line 2: a SEARCH/REPLACE block without a path; begin it with ```edit PATH"}},
      {"an empty run", "```run\n```\n", {}, {"line 1: the run block holds no command"}},
      {"a search for nothing",
       "```search\n```\n",
       {},
       {"line 1: the block 'search' names nothing"}},
      {"a path without an action",
       "```python src/a.py\nx = 1\n```\n",
       {},
       {"line 1: 'python src/a.py' names a file but no action; begin the block with ```write PATH "
        "or ```edit PATH"}},
      {"a diff of no file",
       "```diff\n-a\n+b\n```\n",
       {},
       {"line 1: a diff that names no file; begin it with --- a/PATH and +++ b/PATH"}},
  });
}

TEST_CASE("what models were trained on") {
  const std::string markers = "<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n";
  const Action edited = edit_of("src/a.py", {{"old\n", "new\n"}});
  check({
      {"a path line and the whole file",
       "src/a.py\n```python\nx = 1\n```\n",
       {WriteFile{"src/a.py", "x = 1\n"}},
       {}},
      {"in bold", "**src/a.py**\n```python\nx = 1\n```\n", {WriteFile{"src/a.py", "x = 1\n"}}, {}},
      {"as a heading with backticks",
       "### `src/a.py`:\n```\nx = 1\n```\n",
       {WriteFile{"src/a.py", "x = 1\n"}},
       {}},
      {"with a label",
       "File: Makefile\n```make\nall:\n```\n",
       {WriteFile{"Makefile", "all:\n"}},
       {}},
      {"a sentence is no path line", "Change src/a.py like this:\n```python\nx = 1\n```\n", {}, {}},
      {"a blank line in between: only an example", "src/a.py\n\n```python\nx = 1\n```\n", {}, {}},
      {"not closed",
       "src/a.py\n```python\nx = 1\n",
       {},
       {"line 2: the block of src/a.py is not closed; nothing of it was done"}},
      {"a path line and markers", "src/a.py\n```python\n" + markers + "```\n", {edited}, {}},
      {"a blank line in between is fine for markers",
       "`src/a.py`\n\n```python\n" + markers + "```\n",
       {edited},
       {}},
      {"the path inside the fence", "```python\nsrc/a.py\n" + markers + "```\n", {edited}, {}},
      {"the path beside the language", "```python src/a.py\n" + markers + "```\n", {edited}, {}},
      {"the path instead of the language", "```src/a.py\n" + markers + "```\n", {edited}, {}},
      {"markers without a fence", "src/a.py\n" + markers + "Done.\n", {edited}, {}},
      {"a unified diff",
       "```diff\n--- a/src/a.py\n+++ b/src/a.py\n@@ -10,3 +10,3 @@ def f():\n one\n-old\n+new\n "
       "two\n```\n",
       {edit_of("src/a.py", {{"one\nold\ntwo\n", "one\nnew\ntwo\n"}})},
       {}},
      {"a unified diff without a fence",
       "Here is the patch.\n\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1 +1 @@\n-old\n+new\n\nIt "
       "renames old.\n",
       {edited},
       {}},
      {"a diff of two files, one new",
       "```diff\ndiff --git a/a.py b/a.py\nindex 12..34 100644\n--- a/a.py\n+++ b/a.py\n@@ -1,2 "
       "+1,2 @@\n-x\n+y\n z\n"
       "@@ -9,2 +9,1 @@\n p\n-q\ndiff --git a/b.py b/b.py\nnew file mode 100644\n--- "
       "/dev/null\n+++ b/b.py\n"
       "@@ -0,0 +1,2 @@\n+one\n+two\n```\n",
       {edit_of("a.py", {{"x\nz\n", "y\nz\n"}, {"p\nq\n", "p\n"}}),
        WriteFile{"b.py", "one\ntwo\n"}},
       {}},
      {"a removed SQL comment is no header",
       "```diff\n--- a/q.sql\n+++ b/q.sql\n@@ -1,3 +1,2 @@\n select 1;\n--- old note\n select "
       "2;\n```\n",
       {edit_of("q.sql", {{"select 1;\n-- old note\nselect 2;\n", "select 1;\nselect 2;\n"}})},
       {}},
      {"a deleted file",
       "```diff\n--- a/it's.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n```\n",
       {RunCommand{"rm -- 'it'\\''s.py'", 0}},
       {}},
      {"hunks in an edit block", "```edit src/a.py\n@@ -1 +1 @@\n-old\n+new\n```\n", {edited}, {}},
      {"hunks in a diff block after a path line",
       "src/a.py\n```diff\n@@\n-old\n+new\n```\n",
       {edited},
       {}},
      {"a Begin Patch",
       "*** Begin Patch\n*** Update File: src/a.py\n@@ def f():\n-old\n+new\n@@\n one\n+two\n*** "
       "Add File: b.py\n+x = 1\n+\n"
       "*** Delete File: c.py\n*** End Patch\nDone.\n",
       {edit_of("src/a.py", {{"old\n", "new\n"}, {"one\n", "one\ntwo\n"}}),
        WriteFile{"b.py", "x = 1\n\n"}, RunCommand{"rm -- 'c.py'", 0}},
       {}},
      {"a Begin Patch in a fence",
       "```\n*** Begin Patch\n*** Update File: src/a.py\n@@\n-old\n+new\n*** End Patch\n```\n",
       {edited},
       {}},
      {"a Begin Patch in a patch block",
       "```patch\n*** Begin Patch\n*** Update File: src/a.py\n-old\n+new\n*** End Patch\n```\n",
       {edited},
       {}},
      {"a move",
       "*** Begin Patch\n*** Update File: a\n*** Move to: b\n*** End Patch\n",
       {},
       {"line 1: patch line 3: unknown line '*** Move to: b' (use Update File, Add File or Delete "
        "File)"}},
      {"a hunk without context",
       "```diff\n--- a/a.py\n+++ b/a.py\n@@ -3,0 +4 @@\n+x\n```\n",
       {},
       {"line 1: patch line 5: a.py: a hunk without a line of context (give the lines around the "
        "change, or write the whole file)"}},
      {"no mark in front",
       "```diff\n--- a/a.py\n+++ b/a.py\n@@ -3 +4 @@\n-x\n+y\nz\n```\n",
       {},
       {"line 1: patch line 6: a line without ' ', '+' or '-' in front"}},
  });
}

TEST_CASE("a plan or a review comes as one json block") {
  Plan plan;
  plan.decision = Decision::solo;
  plan.reason = "small";
  const Action solo = SubmitPlan{plan, {}};
  check(
      {
          {"fenced",
           "My plan:\n```json\n{\"decision\": \"solo\", \"reason\": \"small\"}\n```\n",
           {solo},
           {}},
          {"named as the action",
           "```submit_plan\n{\"decision\": \"solo\", \"reason\": \"small\"}\n```\n",
           {solo},
           {}},
          {"in an anonymous fence",
           "```\n{\"decision\": \"solo\", \"reason\": \"small\"}\n```\n",
           {solo},
           {}},
          {"without a fence",
           "The plan is {\"decision\": \"solo\", \"reason\": \"small\"}.\n",
           {solo},
           {}},
          {"the first that fits",
           "```json\n{\"a\": 1}\n```\n```json\n{\"decision\": \"solo\", \"reason\": "
           "\"small\"}\n```\n",
           {solo},
           {}},
          {"reading first", "```read a.py\n```\n", {ReadFile{"a.py", 0, 0}}, {}},
          {"reading does not look for loose braces",
           "```read a.py\n```\nas {\"decision\": \"solo\"} would be\n",
           {ReadFile{"a.py", 0, 0}},
           {}},
          {"wrong",
           "```json\n{\"decision\": \"go\"}\n```\n",
           {},
           {"submit_plan: decision: expected one of plan | solo | no_op | need_input (call "
            "submit_plan with "
            "{decision, reason?, question?, checks?, steps?})"}},
      },
      "submit_plan");
  check({{"review",
          "```json\n{\"verdict\": \"approve\", \"score\": 1}\n```\n",
          {SubmitReview{{ReviewVerdict::approve, 1, {}, ""}}},
          {}}},
        "submit_review");
  check({{"json means nothing to a worker", "```json\n{\"decision\": \"solo\"}\n```\n", {}, {}}},
        "finish");
}

TEST_CASE("patches on their own") {
  const auto none = parse_patch("just text\n- a list\n");
  REQUIRE(none.has_value());
  CHECK(none->empty());

  const auto patch = parse_patch(
      "*** Begin Patch\n*** Update File: a.py\n@@ class A\n  x\n-  y\n+  z\n\n*** End of File\n*** "
      "End Patch\n");
  REQUIRE(patch.has_value());
  REQUIRE(patch->size() == 1);
  CHECK((*patch)[0].path == "a.py");
  CHECK_FALSE((*patch)[0].create);
  CHECK_FALSE((*patch)[0].remove);
  CHECK((*patch)[0].edits == std::vector<Edit>{{" x\n  y\n", " x\n  z\n", false, 0}});

  const auto timed = parse_patch(
      "--- a/x y.py\t2026-01-01 10:00\n+++ b/x y.py\t2026-01-01 10:01\n@@ -1 +1 @@\n-a\n+b\n\\ No "
      "newline at end of file\n");
  REQUIRE(timed.has_value());
  CHECK((*timed)[0].path == "x y.py");
  CHECK((*timed)[0].edits == std::vector<Edit>{{"a\n", "b\n", false, 0}});

  const auto nothing =
      parse_patch("*** Begin Patch\n*** Update File: a.py\n same\n*** End Patch\n");
  REQUIRE_FALSE(nothing.has_value());
  CHECK(nothing.error().what == "a.py: no change in the patch");
  CHECK_FALSE(parse_patch("--- a/old\n+++ b/new\n\nrename from old\n").has_value());
}

TEST_CASE("the blocks are taught briefly, and read back as taught") {
  const Strings worker = {"read_file",  "list_files",  "search", "edit_file",
                          "write_file", "run_command", "finish", "give_up"};
  const std::string text = describe_text_actions(worker);
  CHECK(estimate_tokens(text) <= 130);
  const auto parsed = parse_text_actions(text, "finish");
  INFO(join(parsed.faults, " | "));
  CHECK(parsed.faults.empty());
  Strings names;
  for (const auto& action : parsed.actions) names.push_back(action_name(action));
  CHECK(names == worker);
  CHECK(describe_text_actions({"read_file"}).find("````") == std::string::npos);
  CHECK(describe_text_actions({"submit_review"}).find("\"verdict\"") != std::string::npos);
}

// Whatever comes, it ends and does not write half a file.
TEST_CASE("every prefix of a reply is read without acting on a cut block") {
  const std::string reply =
      "I change two files.\n\n```edit a.py\n<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> "
      "REPLACE\n```\n"
      "````write README.md\n# T\n```\ncode\n```\n````\nsrc/b.py\n```python\nx = 1\n```\n"
      "*** Begin Patch\n*** Update File: c.py\n@@\n-a\n+b\n*** End Patch\n```finish\ndone\n```\n";
  const auto whole = parse_text_actions(reply, "finish");
  REQUIRE(whole.faults.empty());
  REQUIRE(whole.actions.size() == 5);
  for (std::size_t cut = 0; cut < reply.size(); ++cut) {
    const auto part = parse_text_actions(reply.substr(0, cut), "finish");
    CAPTURE(reply.substr(0, cut));
    REQUIRE(part.actions.size() <= whole.actions.size());
    for (std::size_t i = 0; i < part.actions.size(); ++i)
      REQUIRE(part.actions[i] == whole.actions[i]);
  }
}

TEST_CASE("any mixture of blocks is read to its end, with paths and commands never empty") {
  static const Strings fragments = {"```",
                                    "````",
                                    "```python",
                                    "```write a.py",
                                    "```write",
                                    "```edit a.py",
                                    "```run",
                                    "```read a.py 1-2",
                                    "```json",
                                    "```diff",
                                    "   ```",
                                    "src/a.py",
                                    "**a.md**",
                                    "<<<<<<< SEARCH",
                                    "=======",
                                    ">>>>>>> REPLACE",
                                    "*** Begin Patch",
                                    "*** Update File: a",
                                    "*** Add File: b",
                                    "*** Delete File: c",
                                    "*** End Patch",
                                    "--- a/x",
                                    "+++ b/x",
                                    "--- /dev/null",
                                    "+++ /dev/null",
                                    "@@ -1 +1 @@",
                                    "@@",
                                    "-old",
                                    "+new",
                                    " same",
                                    "",
                                    "text",
                                    "{\"decision\": \"solo\"}",
                                    "```finish",
                                    "\\ No newline"};
  std::mt19937 random(2026);
  std::size_t actions = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string reply;
    const int lines = 1 + static_cast<int>(random() % 14);
    for (int i = 0; i < lines; ++i) reply += fragments[random() % fragments.size()] + "\n";
    CAPTURE(reply);
    for (const auto& action :
         parse_text_actions(reply, round % 2 == 0 ? "submit_plan" : "finish").actions) {
      ++actions;
      if (const auto* write = std::get_if<WriteFile>(&action)) REQUIRE_FALSE(write->path.empty());
      if (const auto* edit = std::get_if<EditFile>(&action))
        REQUIRE((!edit->path.empty() && !edit->edits.empty()));
      if (const auto* run = std::get_if<RunCommand>(&action)) REQUIRE_FALSE(run->command.empty());
    }
  }
  CHECK(actions > 1000);
}

}  // namespace
}  // namespace mixagent
