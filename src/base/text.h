#pragma once
// Plain text, without a word of the domain. Pure functions.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

std::vector<std::string> split_lines(
    std::string_view text);  // without their "\n"; a last empty line is none
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);  // ASCII
std::string replace_all(std::string text, std::string_view from, std::string_view to);

// At most `max_bytes`, cut at a UTF-8 boundary, with "..." at the end when cut.
std::string clip(std::string_view text, std::size_t max_bytes);
// Head and tail with "\n[... N lines, M bytes left out ...]\n" between, cut at line ends where
// possible.
std::string clip_middle(std::string_view text, std::size_t max_bytes);

bool valid_utf8(std::string_view text);
std::string repair_utf8(std::string_view text);  // invalid bytes become U+FFFD

// Text in one byte a character: more of its upper half stands alone than forms UTF-8.
bool is_latin1(std::string_view bytes);
std::string latin1_to_utf8(std::string_view bytes);
std::optional<std::string> utf8_to_latin1(
    std::string_view text);                    // empty: beyond U+00FF, or invalid
std::string readable(std::string_view bytes);  // Latin-1 or damaged UTF-8 as valid UTF-8

// For terminals: C0 (but \n and \t), DEL, C1, bidi controls and invalid bytes become visible
// escapes (\x1b, \u202e); a CR that is not followed by LF becomes "\r". The result can change
// nothing but text.
std::string escape_terminal(std::string_view text);
std::string escape_terminal_line(std::string_view text);  // the same, and \n becomes "\n"

// The candidate with the least edit distance, or empty when none is near enough to be a slip of the
// hand.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// "1.2 MB", "3m 12s", "12,345"
std::string format_bytes(std::uint64_t bytes);
std::string format_duration_ms(std::int64_t ms);
std::string format_count(std::int64_t count);

// characters / 4, rounded up: the estimate before a model's own counting is known.
std::int64_t estimate_tokens(std::string_view text);

}  // namespace mixagent
