#include "base/toml.h"

#include <doctest/doctest.h>

#include <string>

using namespace mixagent;

namespace {

// Everything of a value on one line: type, value, place, source.
std::string shown(const TomlValue& value) {
  const std::string where = "@" + describe(value.place);
  if (const auto* flag = std::get_if<bool>(&value.value)) return (*flag ? "true" : "false") + where;
  if (const auto* whole = std::get_if<std::int64_t>(&value.value)) {
    return "int " + std::to_string(*whole) + " '" + value.source + "'" + where;
  }
  if (const auto* number = std::get_if<double>(&value.value)) {
    return "double " + std::to_string(*number) + " '" + value.source + "'" + where;
  }
  if (const auto* text = value.string()) return "'" + *text + "'" + where;
  std::string all;
  if (const auto* array = value.array()) {
    for (const auto& item : *array) all += (all.empty() ? "" : ", ") + shown(item);
    return "[" + all + "]" + where;
  }
  if (const auto* table = value.table()) {
    for (const auto& [key, item] : *table)
      all += (all.empty() ? "" : ", ") + key + " = " + shown(item);
    return "{" + all + "}" + where;
  }
  return "nothing" + where;
}

}  // namespace

TEST_CASE("values remember where they stand and how numbers were written") {
  const auto table = parse_toml(
      "# comment\n"
      "name = \"mix\"\n"
      "\n"
      "[models.\"deepseek/v4\"]\n"
      "price = { input = 0.27, output = 1_0.50, cached = 7 }\n"
      "  on = true\n"
      "list = [\"ä\", 1.10,\n"
      "  2]\n"
      "day = 2026-11-24\n",
      "mixagent.toml");
  REQUIRE(table);
  TomlValue root;
  root.value = *table;
  root.place.file = "root";
  CHECK(shown(root) ==
        "{models = {deepseek/v4 = {"
        "day = '2026-11-24'@mixagent.toml:9:1, "
        "list = ['ä'@mixagent.toml:7:9, double 1.100000 '1.10'@mixagent.toml:7:14, int 2 "
        "'2'@mixagent.toml:8:3]@mixagent.toml:7:1, "
        "on = true@mixagent.toml:6:3, "
        "price = {cached = int 7 '7'@mixagent.toml:5:42, input = double 0.270000 "
        "'0.27'@mixagent.toml:5:11, "
        "output = double 10.500000 '1_0.50'@mixagent.toml:5:25}@mixagent.toml:5:1"
        "}@mixagent.toml:4:9}@mixagent.toml:4:2, name = 'mix'@mixagent.toml:2:1}@root");
}

TEST_CASE("a syntax error says where") {
  const auto table = parse_toml("a = 1\nb = [1,\n", "my.toml");
  REQUIRE_FALSE(table);
  CHECK(table.error().code == ErrorCode::config);
  CHECK(table.error().where.find("my.toml:") == 0);
  CHECK_FALSE(parse_toml("a = 1\na = 2\n", "my.toml"));
  CHECK_FALSE(parse_toml("a = \"\xFF\"\n", "my.toml"));
}

TEST_CASE("a single value is read as TOML, and what is none is a string") {
  const TomlPlace flag{"-c", 0, 0};
  const struct {
    std::string text, value;
  } cases[] = {
      {"0.5", "double 0.500000 '0.5'@-c"},
      {"3", "int 3 '3'@-c"},
      {"true", "true@-c"},
      {"\"quoted\"", "'quoted'@-c"},
      {"solo", "'solo'@-c"},
      {"deepseek/v4", "'deepseek/v4'@-c"},
      {"[\"a\", \"b\"]", "['a'@-c, 'b'@-c]@-c"},
      {"{ a = 1 }", "{a = int 1 '1'@-c}@-c"},
      {"", "''@-c"},
      {"1\nother = 2", "'1\nother = 2'@-c"},
      {"npm test", "'npm test'@-c"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(shown(parse_toml_value(c.text, flag)) == c.value);
  }
}

TEST_CASE("a quoted string reads back") {
  for (const std::string text : {"plain", "\"\\\n\t\r\x01\x7f", "ä€😀", "C:\\u0041", ""}) {
    CAPTURE(text);
    const auto table = parse_toml("a = " + quote_toml(text), "t");
    REQUIRE(table);
    REQUIRE(table->at("a").string() != nullptr);
    CHECK(*table->at("a").string() == text);
  }
  CHECK(quote_toml("a\xFF") == "\"a\uFFFD\"");
}
