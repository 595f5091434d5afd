#include "base/text.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace mixagent;

using Strings = std::vector<std::string>;

TEST_CASE("lines end with a line feed, and the last one may do without") {
  const struct {
    std::string text;
    Strings lines;
  } cases[] = {
      {"", {}},
      {"a", {"a"}},
      {"a\n", {"a"}},
      {"a\nb", {"a", "b"}},
      {"a\n\n", {"a", ""}},
      {"\n", {""}},
      {"a\r\nb", {"a\r", "b"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(split_lines(c.text) == c.lines);
  }
}

TEST_CASE("n separators make n + 1 parts, and joining brings them back") {
  const struct {
    std::string text;
    Strings parts;
  } cases[] = {{"", {""}}, {"a", {"a"}}, {"a,,b", {"a", "", "b"}}, {",", {"", ""}}};
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(split(c.text, ',') == c.parts);
    CHECK(join(c.parts, ",") == c.text);
  }
}

TEST_CASE("trim takes white space from both ends only") {
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim(" \n ").empty());
  CHECK(trim("").empty());
}

TEST_CASE("lower leaves everything but ASCII letters alone") {
  CHECK(lower("MiX-Ä9") == "mix-Ä9");
}

TEST_CASE("replace_all does not look at what it wrote") {
  CHECK(replace_all("aaa", "a", "aa") == "aaaaaa");
  CHECK(replace_all("a.b.c", ".", "") == "abc");
  CHECK(replace_all("abc", "x", "y") == "abc");
  CHECK(replace_all("abc", "", "y") == "abc");
}

TEST_CASE("clip cuts between characters and stays within the limit") {
  const struct {
    std::string text;
    std::size_t max;
    std::string clipped;
  } cases[] = {
      {"hello", 5, "hello"},
      {"hello world", 8, "hello..."},
      {"äöü", 6, "äöü"},
      {"äöüx", 6, "ä..."},  // three bytes are left for text: one character and a half
      {"äöü", 2, "ä"},
      {"äöü", 1, ""},
      {"€uro", 3, "..."},
      {"hello", 0, ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CAPTURE(c.max);
    CHECK(clip(c.text, c.max) == c.clipped);
  }
}

TEST_CASE("clip of any text at any length is valid and short enough") {
  const std::string text = "a€😀ä\n日本語 text 😀😀";
  for (std::size_t max = 0; max <= text.size() + 1; ++max) {
    CAPTURE(max);
    CHECK(clip(text, max).size() <= max);
    CHECK(valid_utf8(clip(text, max)));
    CHECK(clip_middle(text, max).size() <= max);
    CHECK(valid_utf8(clip_middle(text, max)));
  }
}

TEST_CASE("clip does not walk back over garbage") {
  const std::string garbage(20, '\x80');
  CHECK(clip(garbage, 10).size() == 10);
}

TEST_CASE("clip_middle keeps whole lines of both ends and counts what is missing") {
  std::string text;
  for (int i = 10; i < 50; ++i) text += "line " + std::to_string(i) + "\n";
  CHECK(clip_middle(text, text.size()) == text);
  CHECK(clip_middle(text, 100) ==
        "line 10\nline 11\nline 12"
        "\n[... 34 lines, 271 bytes left out ...]\n"
        "line 47\nline 48\nline 49\n");
}

TEST_CASE("clip_middle cuts long lines between characters") {
  const std::string text(1000, 'x');
  CHECK(clip_middle(text, 100) ==
        std::string(30, 'x') + "\n[... 1 line, 940 bytes left out ...]\n" + std::string(30, 'x'));
}

TEST_CASE("nearest finds a slip of the hand and nothing else") {
  const Strings words = {"read_file", "write_file", "run", "search", "timeout_s"};
  const struct {
    std::string word, found;
  } cases[] = {
      {"read_flie", "read_file"},
      {"Read_File", "read_file"},
      {"wirte_file", "write_file"},
      {"rum", "run"},
      {"serch", "search"},
      {"timeout", "timeout_s"},
      {"xyz", ""},
      {"", ""},
      {"database", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.word);
    CHECK(nearest(c.word, words) == c.found);
  }
  CHECK(nearest("ab", {"x", "y"}).empty());
  CHECK(nearest(std::string(1000, 'a'), {std::string(1000, 'a')}).empty());
}

TEST_CASE("numbers for people") {
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(999) == "999 B");
  CHECK(format_bytes(1'234'567) == "1.2 MB");
  CHECK(format_bytes(999'999) == "1.0 MB");
  CHECK(format_bytes(123'456'789) == "123 MB");
  CHECK(format_bytes(UINT64_MAX) == "18.4 EB");

  CHECK(format_duration_ms(-5) == "0 ms");
  CHECK(format_duration_ms(850) == "850 ms");
  CHECK(format_duration_ms(4'250) == "4.2 s");
  CHECK(format_duration_ms(59'999) == "59.9 s");
  CHECK(format_duration_ms(192'000) == "3m 12s");
  CHECK(format_duration_ms(3'600'000 * 2 + 300'000) == "2h 05m");

  CHECK(format_count(0) == "0");
  CHECK(format_count(999) == "999");
  CHECK(format_count(12'345) == "12,345");
  CHECK(format_count(-1'234'567) == "-1,234,567");
  CHECK(format_count(INT64_MIN) == "-9,223,372,036,854,775,808");
}

TEST_CASE("tokens are estimated from characters, not bytes") {
  CHECK(estimate_tokens("") == 0);
  CHECK(estimate_tokens("a") == 1);
  CHECK(estimate_tokens("abcd") == 1);
  CHECK(estimate_tokens("abcde") == 2);
  CHECK(estimate_tokens("äöüß") == 1);
}
