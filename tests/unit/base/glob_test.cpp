#include "base/glob.h"

#include <doctest/doctest.h>

#include <string>

using namespace mixagent;

TEST_CASE("which paths a pattern matches") {
  const struct {
    std::string pattern, path;
    bool matches;
  } cases[] = {
      {"src/main.cpp", "src/main.cpp", true},
      {"src/main.cpp", "src/main.cpp2", false},
      {"./src/main.cpp", "src/main.cpp", true},
      {"", "a", false},
      // folders
      {"src/api", "src/api/list.py", true},
      {"src/api/", "src/api/list.py", true},
      {"src/api", "src/apix/list.py", false},
      {".", "anything/at/all", true},
      // one component
      {"*.py", "a.py", true},
      {"*.py", "dir/a.py", false},
      {"src/*.py", "src/a.py", true},
      {"src/*.py", "src/sub/a.py", false},
      {"src/*", "src/.hidden", true},
      {"src/*", "src/sub/a.py", false},
      {"a?c", "abc", true},
      {"a?c", "a/c", false},
      {"a?c", "aäc", true},
      {"a*b*c", "aXbYbZc", true},
      {"a*b*c", "aXbYbZ", false},
      {"**.py", "x.py", true},
      // any number of components
      {"**", "a/b/c", true},
      {"**/*.py", "a.py", true},
      {"**/*.py", "x/y/a.py", true},
      {"src/**", "src/a/b.py", true},
      {"src/**", "src", false},
      {"src/**/test_*.py", "src/test_a.py", true},
      {"src/**/test_*.py", "src/x/y/test_a.py", true},
      {"src/**/test_*.py", "lib/test_a.py", false},
      {"**/a/**/b", "x/a/y/a/z/b", true},
      {"**/a/**/b", "x/a/y/c", false},
      // classes
      {"file[0-9].txt", "file7.txt", true},
      {"file[0-9].txt", "filex.txt", false},
      {"file[!0-9].txt", "filex.txt", true},
      {"file[^0-9].txt", "file7.txt", false},
      {"a[]]b", "a]b", true},
      {"a[b", "a[b", true},
      {"a[-x]", "a-", true},
      {"app/[id]/page.tsx", "app/[id]/page.tsx", true},
      {"app/[id]/page.tsx", "app/i/page.tsx", true},
      {"app/[id]", "app/[id]/page.tsx", true},
      // alternatives
      {"src/*.{ts,tsx}", "src/a.tsx", true},
      {"src/*.{ts,tsx}", "src/a.js", false},
      {"{src,lib}/**", "lib/x/y", true},
      {"{a,b{c,d}}.txt", "bd.txt", true},
      {"{a,b{c,d}}.txt", "b.txt", false},
      {"{src,lib}", "lib/x", true},
      {"{one}.txt", "{one}.txt", true},
      {"{open", "{open", true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.pattern);
    CAPTURE(c.path);
    CHECK(glob_match(c.pattern, c.path) == c.matches);
  }
}

TEST_CASE("patterns that blow up in other matchers end here") {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  CHECK_FALSE(glob_match(pattern + "b", std::string(5000, 'a')));
  std::string deep = "**";
  for (int i = 0; i < 100; ++i) deep += "/*/**";
  CHECK_FALSE(glob_match(deep + "/x", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q"));
  std::string braces;
  for (int i = 0; i < 40; ++i) braces += "{a,b}";
  CHECK_FALSE(glob_match(braces, "x"));
}

TEST_CASE("any of several, and what counts as a pattern") {
  CHECK(any_glob_matches({"a", "b/*"}, "b/c"));
  CHECK_FALSE(any_glob_matches({"a", "b/*"}, "c"));
  CHECK_FALSE(any_glob_matches({}, "c"));
  for (const char* pattern : {"*", "a?", "[ab]", "a.{b,c}"}) CHECK(has_wildcard(pattern));
  for (const char* pattern : {"", "a/b.c", "{id}", "a.{b"}) CHECK_FALSE(has_wildcard(pattern));
}

TEST_CASE("patterns that may name the same file") {
  const struct {
    std::string a, b;
    bool overlap;
  } cases[] = {
      {"a.py", "a.py", true},
      {"a.py", "b.py", false},
      {"src", "src/a.py", true},
      {"src/*.py", "src/a.py", true},
      {"src/*.py", "src/a.js", false},
      {"src/*.py", "src/*.js", false},
      {"src/a*.py", "src/b*.py", false},
      {"src/a*", "src/*z", true},
      {"src/**", "src/x/y.py", true},
      {"src/**", "lib/**", false},
      {"**/*.py", "src/**", true},
      {"**/*.py", "src/a.js", true},  // "src/a.js" may be a folder
      {"**/*.py", "src/*.js", false},
      {"src/*/a", "src/b", true},  // "src/b" may be a folder
      {"src/*", "src/x/y", false},
      {"a.{x,y}", "a.{y,z}", true},
      {"a.{x,y}", "a.{v,w}", false},
      {"app/[id]/a", "app/[id]/a", true},
      {"app/[id]/a", "app/[id]/b", false},
      {".", "x", true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.a);
    CAPTURE(c.b);
    CHECK(globs_overlap(c.a, c.b) == c.overlap);
    CHECK(globs_overlap(c.b, c.a) == c.overlap);
  }
}
