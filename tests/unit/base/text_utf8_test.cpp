#include "base/text.h"

#include <doctest/doctest.h>

#include <string>

using namespace mixagent;
using namespace std::string_literals;

TEST_CASE("Latin-1 is told from UTF-8, damaged or not, and goes there and back") {
  struct Case {
    std::string bytes;
    bool latin1;
    std::string readable;
  };
  const std::vector<Case> cases = {
      {"plain", false, "plain"},
      {"caf\xc3\xa9", false, "caf\xc3\xa9"},
      {"caf\xe9", true, "caf\xc3\xa9"},
      {"\xfc"
       "ber caf\xe9",
       true,
       "\xc3\xbc"
       "ber caf\xc3\xa9"},
      {"caf\xc3\xa9 \xff", false, "caf\xc3\xa9 \xef\xbf\xbd"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.bytes);
    CHECK(is_latin1(one.bytes) == one.latin1);
    CHECK(readable(one.bytes) == one.readable);
  }
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(utf8_to_latin1(latin1_to_utf8(all)) == all);
  CHECK_FALSE(utf8_to_latin1("\xe2\x82\xac"));
  CHECK_FALSE(utf8_to_latin1("\xff"));
}

TEST_CASE("invalid UTF-8 is seen and repaired, one mark for each broken character") {
  const struct {
    std::string bytes, repaired;
  } cases[] = {
      {"", ""},
      {"plain ä€😀\0x"s, "plain ä€😀\0x"s},
      {"\xC0\xAF", "\uFFFD\uFFFD"},                      // overlong '/'
      {"\xE0\x80\x80", "\uFFFD\uFFFD\uFFFD"},            // overlong
      {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},            // surrogate
      {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},  // above U+10FFFF
      {"\xF5", "\uFFFD"},
      {"a\xE2\x82", "a\uFFFD"},                  // cut short at the end
      {"\xE2\x82z", "\uFFFDz"},                  // cut short by another character
      {"\x80\xBFx", "\uFFFD\uFFFDx"},            // continuation without a lead
      {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},  // U+10FFFF
  };
  for (const auto& c : cases) {
    CAPTURE(c.repaired);
    CHECK(repair_utf8(c.bytes) == c.repaired);
    CHECK(valid_utf8(c.bytes) == (c.bytes == c.repaired));
    CHECK(valid_utf8(repair_utf8(c.bytes)));
  }
}

TEST_CASE("nothing but text reaches a terminal") {
  const struct {
    std::string bytes, block, line;
  } cases[] = {
      {"tab\tand ä€😀", "tab\tand ä€😀", "tab\tand ä€😀"},
      {"a\nb", "a\nb", "a\\nb"},
      {"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m", "\\x1b[31mred\\x1b[0m"},
      {"\x1b]0;title\x07", "\\x1b]0;title\\x07", "\\x1b]0;title\\x07"},
      {"a\0b"s, "a\\x00b", "a\\x00b"},
      {"a\x7f", "a\\x7f", "a\\x7f"},
      {"back\b\b", "back\\x08\\x08", "back\\x08\\x08"},
      {"over\rwritten", "over\\rwritten", "over\\rwritten"},
      {"dos\r\nline", "dos\r\nline", "dos\\r\\nline"},
      {"end\r", "end\\r", "end\\r"},
      {"\xC2\x9b[2J", "\\u009b[2J", "\\u009b[2J"},  // CSI as one C1 character
      {"\x9b[2J", "\\x9b[2J", "\\x9b[2J"},          // and as one byte
      {"\u202eevil\u202c", "\\u202eevil\\u202c", "\\u202eevil\\u202c"},
      {"\u2066\u2069\u200e\u200f\u061c", "\\u2066\\u2069\\u200e\\u200f\\u061c",
       "\\u2066\\u2069\\u200e\\u200f\\u061c"},
      {"a\u2028b", "a\\u2028b", "a\\u2028b"},
      {"\xE2\x80", "\\xe2\\x80", "\\xe2\\x80"},
      {"family \U0001F468\u200D\U0001F469", "family \U0001F468\u200D\U0001F469",
       "family \U0001F468\u200D\U0001F469"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.block);
    CHECK(escape_terminal(c.bytes) == c.block);
    CHECK(escape_terminal_line(c.bytes) == c.line);
  }
}

TEST_CASE("every single byte and every control character is harmless after escaping") {
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    for (const std::string& text :
         {std::string(1, static_cast<char>(byte)), "\xC2"s + static_cast<char>(byte)}) {
      const std::string shown = escape_terminal_line(text);
      CHECK(valid_utf8(shown));
      for (const char c : shown) CHECK((static_cast<unsigned char>(c) >= 0x20 || c == '\t'));
      CHECK(shown.find('\x7f') == std::string::npos);
      for (int c1 = 0x80; c1 < 0xA0; ++c1)
        CHECK(shown.find("\xC2"s + static_cast<char>(c1)) == std::string::npos);
    }
  }
}
