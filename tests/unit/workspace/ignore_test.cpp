#include "workspace/ignore.h"

#include "unit/workspace/fixture.h"

namespace mixagent {
namespace {

TEST_CASE("wildmatch") {
  struct Case {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Case cases[] = {
      {"*.o", "a.o", true},        {"*.o", "a/b.o", false}, {"a/*", "a/b", true},
      {"a/*", "a/b/c", false},     {"**/x", "x", true},     {"**/x", "a/b/x", true},
      {"a/**", "a/b/c", true},     {"a/**", "a", false},    {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true}, {"a/**/b", "ab", false}, {"[a-c]x", "bx", true},
      {"[!a-c]x", "bx", false},    {"[^a-c]x", "dx", true}, {"?", "/", false},
      {"\\*", "*", true},          {"\\*", "a", false},     {"[]]", "]", true},
      {"a**b", "axxb", true},      {"a**b", "a/b", false},  {"*a*b*c", "xaybzc", true},
      {"[", "[", false},           {"a\\", "a\\", true},    {"", "", true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.pattern);
    CAPTURE(c.text);
    CHECK(wildmatch(c.pattern, c.text) == c.matches);
  }
}

TEST_CASE("a pattern made to be slow is not") {
  std::string pattern, text(250, 'a');
  for (int i = 0; i < 100; ++i) pattern += "*a";
  CHECK_FALSE(wildmatch(pattern + "*b", text));
}

// git itself is the judge.
TEST_CASE("the rules agree with git check-ignore") {
  TempRepo repo;
  const std::map<std::string, std::string> rule_files = {
      {"",
       "# comment\n*.log\n!keep.log\n/top\nbuild/\ndoc/*.txt\n**/deep/x\n\\#odd\n\\!bang\ntrail\\ "
       "\nspace  \n"
       "a/**/z\n*.py[co]\n/only/here/\n.env*\nfoo/**\n"},
      {"sub", "!*.log\nlocal\n/anchored\n"},
      {"sub/inner", "*.log\n"},
  };
  IgnoreRules rules;
  for (const auto& [folder, text] : rule_files) {
    repo.write((folder.empty() ? "" : folder + "/") + ".gitignore", text);
    rules.add(folder, text);
  }
  repo.write(".git/info/exclude", "secret.*\n!sub/top\n");
  rules.add_fallback("secret.*\n!sub/top\n");

  const Paths files = {"a.log",
                       "keep.log",
                       "sub/a.log",
                       "sub/inner/b.log",
                       "top",
                       "sub/top",
                       "build/x",
                       "sub/build/x",
                       "doc/a.txt",
                       "doc/b/a.txt",
                       "q/deep/x",
                       "deep/x",
                       "#odd",
                       "!bang",
                       "trail ",
                       "space",
                       "a/z",
                       "a/b/c/z",
                       "m.pyc",
                       "m.py",
                       "only/here/f",
                       "sub/only/here/f",
                       ".env",
                       "x/.env.local",
                       "foo/bar/baz",
                       "sub/local",
                       "local",
                       "sub/anchored",
                       "sub/q/anchored",
                       "secret.txt",
                       "sub/secret.x",
                       "plain",
                       "sub/inner/c",
                       "b/build"};
  std::string wrong;
  for (const auto& file : files) {
    repo.write(file, "x");
    std::string said;
    try {
      said = repo.git({"check-ignore", "--no-index", "-q", "--", file});
      said = "ignored";
    } catch (const std::exception&) {
      said = "kept";
    }
    if ((said == "ignored") != rules.ignored_anywhere(file))
      wrong += file + " is " + said + " by git\n";
  }
  CHECK(wrong == "");
}

}  // namespace
}  // namespace mixagent
