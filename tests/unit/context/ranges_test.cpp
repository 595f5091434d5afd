#include "context/ranges.h"

#include "base/text.h"
#include "context/signatures.h"

#include <doctest/doctest.h>

#include <map>

namespace mixagent {
namespace {

std::string filler(int from, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const auto n = std::to_string(from + i);
    text += "def other_" + n + "(x):\n    y = x + " + n + "\n    return y\n\n";
  }
  return text;
}

TEST_CASE("of a large file the block that the step names is shown whole, with the head") {
  const std::string wanted_block =
      "def paginate(items, size):\n    if size < 1:\n        raise ValueError(size)\n\n"
      "    return items[:size]\n";
  const std::string text = "import os\n\n" + filler(0, 50) + wanted_block + "\n" + filler(100, 50);
  const auto lines = split_lines(text);
  const auto ranges = relevant_ranges(lines, "make `paginate()` refuse sizes over 100", 400);
  CHECK(ranges == std::vector<LineRange>{{0, 19}, {202, 206}});
  const std::string shown = show_ranges(lines, ranges);
  CHECK(shown.find("1|import os\n") == 0);
  CHECK(shown.find("...\n203|def paginate(items, size):\n") != std::string::npos);
  CHECK(shown.find("207|    return items[:size]\n...\n") != std::string::npos);
  CHECK(estimate_tokens(shown) <= 400);
}

TEST_CASE("a hit inside of a function brings the function; braces end it") {
  std::string text = "#include <x>\n\n";
  for (int i = 0; i < 30; ++i) text += "int f" + std::to_string(i) + "() {\n  return 1;\n}\n\n";
  text += "int total(int a) {\n  int sum = 0;\n  sum += tax_rate(a);\n  return sum;\n}\n\n";
  for (int i = 0; i < 30; ++i) text += "int g" + std::to_string(i) + "() {\n  return 1;\n}\n\n";
  const auto lines = split_lines(text);
  const auto ranges = relevant_ranges(lines, "tax_rate() must be rounded", 300);
  REQUIRE(ranges.size() == 2);
  CHECK(lines[ranges[1].first] == "int total(int a) {");
  CHECK(lines[ranges[1].last] == "}");
}

TEST_CASE("without a hit the head is shown, and everything where it fits") {
  const auto lines = split_lines(filler(0, 40));
  const auto head = relevant_ranges(lines, "nothing of it", 60);
  REQUIRE(head.size() == 1);
  CHECK(head[0].first == 0);
  CHECK(head[0].last < 20);
  CHECK(relevant_ranges(lines, "", 100'000) == std::vector<LineRange>{{0, lines.size() - 1}});
  CHECK(relevant_ranges({}, "x", 100).empty());
  CHECK(show_ranges(lines, {}).empty());
}

TEST_CASE("signatures of what a text calls are found, not what it defines itself") {
  const std::string text =
      "from api import page\n\ndef show(items):\n    return page(items, Limit(3))\n";
  CHECK(called_names(text) == std::set<std::string>{"Limit", "page"});

  std::map<std::string, std::string> blobs = {
      {"1", "class Limit:\n    pass\n\ndef page(items, limit):\n    return items\n"},
      {"2", "int page_count(int size) {\n  return size;\n}\n"},
      {"3", "def page(a):\n    pass\n"}};
  const BlobReader read = [&](const BlobId& id) -> Result<std::string> {
    return blobs.at(id.text);
  };
  Tree tree;
  const auto add = [&](const std::string& path, const std::string& blob) {
    TreeEntry entry;
    entry.blob = BlobId{blob};
    entry.size = static_cast<std::int64_t>(blobs.at(blob).size());
    tree[path] = entry;
  };
  add("api/page.py", "1");
  add("count.c", "2");
  add("old.py", "3");
  const auto found = find_definitions(tree, read, {"Limit", "page", "page_count"}, {"old.py"});
  CHECK(show_signatures(found, 1'000) ==
        "api/page.py:1: class Limit:\napi/page.py:4: def page(items, limit):\n"
        "count.c:1: int page_count(int size) {\n");
  CHECK(show_signatures(found, 5).empty());
  CHECK(find_definitions(tree, read, {}, {}).empty());
}

}  // namespace
}  // namespace mixagent
