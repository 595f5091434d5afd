#include "view/table.h"

#include <doctest/doctest.h>

using namespace mixagent;

TEST_CASE("width counts terminal columns, not bytes") {
  struct Case {
    const char* text;
    int width;
  };
  const Case cases[] = {
      {"", 0},  {"abc", 3}, {"größer", 6}, {"日本", 4},   {"e\xCC\x81", 1},
      {"→", 1}, {"🚀", 2},   {"한글", 4},   {"a\xFFz", 3}, {"\xE6\x97", 2},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(display_width(c.text) == c.width);
  }
}

TEST_CASE("clipping keeps whole characters") {
  CHECK(clip_width("abcdef", 6) == "abcdef");
  CHECK(clip_width("abcdef", 5) == "abcd…");
  CHECK(clip_width("日本語", 5) == "日本…");
  CHECK(clip_width("日本語", 4) == "日…");
  CHECK(clip_width("abc", 1) == "…");
  CHECK(clip_width("abc", 0) == "");
}

TEST_CASE("columns are aligned by what is seen") {
  const std::vector<Column> columns = {{"name"}, {"cost", Align::right}};
  const std::vector<Row> rows = {{"日本", "1"}, {"größer", "12345"}, {"x"}};
  CHECK(render_table(columns, rows, {}) ==
        "  name     cost\n"
        "  日本        1\n"
        "  größer  12345\n"
        "  x\n");
}

TEST_CASE("a heading without titles is left out, and so is an empty table") {
  CHECK(render_table({{""}, {""}}, {{"a", "b"}}, {}) == "  a  b\n");
  CHECK(render_table({{"name"}}, {}, {}) == "");
}

TEST_CASE("only columns that may shrink give way") {
  const std::vector<Column> columns = {{"id"}, {"title", Align::left, true}, {"cost"}};
  const std::vector<Row> rows = {{"s1", "a title that is much too long for it", "$0.0123"}};
  TableLayout layout;
  layout.width = 31;
  CHECK(render_table(columns, rows, layout) ==
        "  id  title             cost\n"
        "  s1  a title that is…  $0.0123\n");
}

TEST_CASE("a cell can change nothing but its own text") {
  const std::string out = render_table({{"a"}, {"b"}}, {{"x\x1b[2J", "one\ntwo"}}, {});
  CHECK(out.find('\x1b') == std::string::npos);
  CHECK(out == "  a         b\n  x\\x1b[2J  one\\ntwo\n");
}

TEST_CASE("words wrap at blanks") {
  CHECK(wrap_words("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrap_words("unbreakable word", 5) == std::vector<std::string>{"unbreakable", "word"});
}
