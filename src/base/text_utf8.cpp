// What is a character, and which characters may reach a terminal.

#include "base/text.h"

#include <fmt/format.h>

namespace mixagent {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t length = 1;  // invalid: of the longest prefix that could have begun a character
  bool valid = false;
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  // The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF.
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {};
  }
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || byte(i) < low || byte(i) > high) return {0, i, false};
    code = (code << 6) | (byte(i) & 0x3FU);
    low = 0x80;
    high = 0xBF;
  }
  return {code, length, true};
}

// Reorders, hides or breaks lines where a person expects plain text.
bool is_deceptive(char32_t code) {
  return (code >= 0x80 && code <= 0x9F) || code == 0x061C || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

void append_hex(std::string& out, std::string_view bytes) {
  for (const char c : bytes)
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
}

std::string escape(std::string_view text, bool one_line) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    const std::string_view bytes = text.substr(0, character.length);
    text.remove_prefix(character.length);
    if (!character.valid) {
      append_hex(out, bytes);
    } else if (character.code == '\n') {
      out += one_line ? "\\n" : "\n";
    } else if (character.code == '\r') {
      const bool ends_line = !one_line && !text.empty() && text.front() == '\n';
      out += ends_line ? "\r" : "\\r";
    } else if (character.code == '\t') {
      out += '\t';
    } else if (character.code < 0x20 || character.code == 0x7F) {
      append_hex(out, bytes);
    } else if (is_deceptive(character.code)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(character.code));
    } else {
      out += bytes;
    }
  }
  return out;
}

}  // namespace

bool valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (!character.valid) return false;
    text.remove_prefix(character.length);
  }
  return true;
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    out += character.valid ? text.substr(0, character.length) : "\xEF\xBF\xBD";
    text.remove_prefix(character.length);
  }
  return out;
}

bool is_latin1(std::string_view bytes) {
  std::size_t alone = 0;
  std::size_t characters = 0;
  while (!bytes.empty()) {
    const Character character = first_character(bytes);
    if (!character.valid) ++alone;
    if (character.valid && character.length > 1) ++characters;
    bytes.remove_prefix(character.length);
  }
  return alone > characters;
}

std::string latin1_to_utf8(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0U | (code >> 6U));
      out += static_cast<char>(0x80U | (code & 0x3FU));
    }
  }
  return out;
}

std::optional<std::string> utf8_to_latin1(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Character character = first_character(text);
    if (!character.valid || character.code > 0xFF) return std::nullopt;
    out += static_cast<char>(static_cast<unsigned char>(character.code));
    text.remove_prefix(character.length);
  }
  return out;
}

std::string readable(std::string_view bytes) {
  return is_latin1(bytes) ? latin1_to_utf8(bytes) : repair_utf8(bytes);
}

std::string escape_terminal(std::string_view text) {
  return escape(text, false);
}
std::string escape_terminal_line(std::string_view text) {
  return escape(text, true);
}

}  // namespace mixagent
