#include "mixagent/change.h"

#include <doctest/doctest.h>

#include <string>

using namespace mixagent;

namespace {

TreeEntry entry(const std::string& blob, FileMode mode = FileMode::regular, std::int64_t size = 3) {
  return {{blob}, mode, size};
}

}  // namespace

TEST_CASE("the difference of two trees leads from one to the other and back") {
  const Tree before = {
      {"a", entry("1")}, {"b", entry("2")}, {"gone", entry("3")}, {"same", entry("4")}};
  const Tree after = {{"a", entry("1", FileMode::executable)},
                      {"b", entry("9")},
                      {"new", entry("5")},
                      {"same", entry("4")}};
  const Change change = difference(before, after);
  CHECK(change == Change{{{"a", entry("1"), entry("1", FileMode::executable)},
                          {"b", entry("2"), entry("9")},
                          {"gone", entry("3"), {}},
                          {"new", {}, entry("5")}}});
  CHECK(apply_change(before, change) == after);
  CHECK(apply_change(after, difference(after, before)) == before);
  CHECK(difference(before, before).empty());
  CHECK(apply_change({}, difference({}, after)) == after);
}

TEST_CASE("a listing is one line a path and reads back") {
  const Tree tree = {{"a b", entry("11")},
                     {"back\\slash", entry("22", FileMode::executable, 0)},
                     {"line\nbreak", entry("33", FileMode::symlink, 12)},
                     {"tab\there", entry("44")}};
  const std::string listing =
      "100644 11 3\ta b\n"
      "100755 22 0\tback\\\\slash\n"
      "120000 33 12\tline\\nbreak\n"
      "100644 44 3\ttab\there\n";
  CHECK(tree_listing(tree) == listing);
  CHECK(parse_tree_listing(listing) == tree);
  CHECK(parse_tree_listing("") == Tree{});
}

TEST_CASE("what is no listing is refused") {
  for (const char* text :
       {"100644 11 3\ta", "100644 11 3 a\n", "100600 11 3\ta\n", "100644 11 x\ta\n",
        "100644 11 3x\ta\n", "100644 11 3\t\n", "100644 11 3\ta\\\n", "100644 11 3\ta\\t\n", "\n",
        "100644 11 3\tb\n100644 11 3\ta\n", "100644 11 3\ta\n100644 11 3\ta\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_tree_listing(text));
  }
}

TEST_CASE("a tree is named by its listing") {
  CHECK(tree_id({}).text == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const Tree one = {{"a", entry("1")}};
  CHECK(tree_id(one) == tree_id(Tree{{"a", entry("1")}}));
  CHECK(tree_id(one) != tree_id({{"a", entry("1", FileMode::executable)}}));
  CHECK(tree_id(one) != tree_id({{"b", entry("1")}}));
}
