#include "workspace/names.h"

#include "unit/workspace/fixture.h"
#include "workspace/links.h"

namespace mixagent {
namespace {

TEST_CASE("names that some system takes for .git") {
  for (const char* name : {".git", ".GIT", ".Git", ".git.", ".git ", ".git . .", "git~1", "GIT~2",
                           ".g\u200cit", ".git\ufeff", ".git::$INDEX_ALLOCATION"}) {
    CAPTURE(name);
    CHECK(looks_like_git(name));
  }
  for (const char* name :
       {".gitignore", ".github", "git", ".gitx", "git~", "git~x", "a.git", ".git2"}) {
    CAPTURE(name);
    CHECK_FALSE(looks_like_git(name));
  }
}

TEST_CASE("paths that must not leave a workspace") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"src/a b'\"\\.py", ""},
      {"ünï/côdé", ""},
      {"a/.GIT/config", "inside .git"},
      {"git~1/hooks", "inside .git"},
      {"a\nb", "control character in the name"},
      {"a\x7f", "control character in the name"},
      {"a\xff"
       "b",
       "name is not valid UTF-8"},
      {std::string(5000, 'a'), "path longer than 4096 bytes"},
  };
  for (const auto& [path, why] : cases) CHECK(unsafe_path(path) == why);
}

TEST_CASE("paths as models give them") {
  const std::vector<std::pair<std::string, std::string>> fine = {
      {"a", "a"}, {"./a", "a"}, {"a//b/", "a/b"}, {"a/./b", "a/b"}, {"a/../b", "b"}, {".", ""}};
  for (const auto& [given, normal] : fine) CHECK(value_of(path_inside(given)) == normal);
  for (const auto* bad :
       {"", "/etc/passwd", "..", "../x", "a/../../x", ".git/config", "a/.Git/x"}) {
    CAPTURE(bad);
    CHECK(code_of(path_inside(bad)) == "denied");
  }
}

TEST_CASE("where links lead") {
  LinkTargets links = {
      {"in", "src/a.py"},      {"src/up", "../README"},    {"out", "../x"},
      {"src/out", "../../x"},  {"abs", "/etc/passwd"},     {"git", ".git/config"},
      {"dir", "src/deep"},     {"via", "dir/../../../x"},  {"loop", "loop2"},
      {"loop2", "loop"},       {"dots", "./src//./a"},     {"top", "."},
      {"through", "top/../x"}, {"src/deep/home", "../.."}, {"chain", "src/deep/home/../x"}};
  const std::map<std::string, std::string> expected = {
      {"in", ""},
      {"src/up", ""},
      {"out", "symlink that leaves the repository"},
      {"src/out", "symlink that leaves the repository"},
      {"abs", "absolute symlink"},
      {"git", "symlink into .git"},
      {"dir", ""},
      {"via", "symlink that leaves the repository"},
      {"loop", ""},
      {"loop2", ""},
      {"dots", ""},
      {"top", ""},
      {"through", "symlink that leaves the repository"},
      {"src/deep/home", ""},
      {"chain", "symlink that leaves the repository"}};
  for (const auto& [path, why] : expected) {
    CAPTURE(path);
    CHECK(link_escape(path, links) == why);
  }
}

}  // namespace
}  // namespace mixagent
