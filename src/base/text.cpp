#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace mixagent {

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) joined += separator;
    joined += parts[i];
  }
  return joined;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\v\f";
  const auto begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  if (from.empty()) return text;
  std::string result;
  std::size_t begin = 0;
  for (;;) {
    const auto found = text.find(from, begin);
    if (found == std::string::npos) break;
    result.append(text, begin, found - begin);
    result += to;
    begin = found + from.size();
  }
  if (begin == 0) return text;
  result.append(text, begin, std::string::npos);
  return result;
}

// ---- clipping
// -----------------------------------------------------------------------------------------------------

namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The nearest place at or before `at` that does not split a character. A character has at most four
// bytes, so garbage made of continuation bytes is cut where it stands.
std::size_t boundary_before(std::string_view text, std::size_t at) {
  for (std::size_t back = 0; back < 4 && back <= at; ++back) {
    if (at - back >= text.size() || !is_continuation(text[at - back])) return at - back;
  }
  return at;
}

std::size_t boundary_after(std::string_view text, std::size_t at) {
  for (std::size_t ahead = 0; ahead < 4 && at + ahead <= text.size(); ++ahead) {
    if (at + ahead == text.size() || !is_continuation(text[at + ahead])) return at + ahead;
  }
  return at;
}

// Where the kept head ends: before a line end in its second half, else between two characters.
std::size_t head_end(std::string_view text, std::size_t budget) {
  const auto line_end = budget == 0 ? std::string_view::npos : text.rfind('\n', budget);
  if (line_end != std::string_view::npos && line_end >= budget / 2) return line_end;
  return boundary_before(text, budget);
}

// Where the kept tail begins: after a line end in its first half, else between two characters.
std::size_t tail_begin(std::string_view text, std::size_t budget) {
  const std::size_t earliest = text.size() - budget;
  const auto line_end = earliest == 0 ? 0 : text.find('\n', earliest - 1);
  if (line_end != std::string_view::npos && line_end + 1 <= earliest + budget / 2)
    return line_end + 1;
  return boundary_after(text, earliest);
}

std::string left_out(std::string_view middle) {
  const auto lines = std::count(middle.begin(), middle.end(), '\n') + 1;
  return fmt::format("\n[... {} line{}, {} bytes left out ...]\n", lines, lines == 1 ? "" : "s",
                     middle.size());
}

}  // namespace

std::string clip(std::string_view text, std::size_t max_bytes) {
  constexpr std::string_view dots = "...";
  if (text.size() <= max_bytes) return std::string(text);
  if (max_bytes < dots.size()) return std::string(text.substr(0, boundary_before(text, max_bytes)));
  std::string clipped(text.substr(0, boundary_before(text, max_bytes - dots.size())));
  clipped += dots;
  return clipped;
}

std::string clip_middle(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  const std::size_t marker_size = left_out(text).size();
  if (max_bytes < marker_size + 2) return clip(text, max_bytes);
  const std::size_t budget = (max_bytes - marker_size) / 2;
  const std::size_t head = head_end(text, budget);
  const std::size_t tail = std::max(tail_begin(text, budget), head);
  // The marker's own line ends stand for those at the cuts.
  std::size_t begin = head;
  std::size_t end = tail;
  if (begin < end && text[begin] == '\n') ++begin;
  if (end > begin && text[end - 1] == '\n') --end;
  std::string clipped(text.substr(0, head));
  clipped += left_out(text.substr(begin, end - begin));
  clipped += text.substr(tail);
  return clipped;
}

// ---- guessing
// -----------------------------------------------------------------------------------------------------

namespace {

// Insertions, deletions, replacements and swaps of neighbours, each one step.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t longest_word = 200;
  if (word.empty() || word.size() > longest_word) return {};
  const std::string typed = lower(word);
  std::size_t least = std::clamp<std::size_t>(word.size() / 3, 1, 3) + 1;
  std::string best;
  for (const auto& candidate : candidates) {
    if (candidate.size() > longest_word) continue;
    const std::size_t distance = edit_distance(typed, lower(candidate));
    // A word that is all slips is another word.
    if (distance < least && distance < candidate.size()) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

// ---- numbers for people
// -------------------------------------------------------------------------------------------

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  constexpr const char* units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < std::size(units)) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 99.95 ? 1 : 0, units[unit]);
}

std::string format_duration_ms(std::int64_t ms) {
  if (ms < 0) return "0 ms";
  if (ms < 1000) return fmt::format("{} ms", ms);
  if (ms < 60'000) return fmt::format("{}.{} s", ms / 1000, ms % 1000 / 100);
  const std::int64_t seconds = ms / 1000;
  if (seconds < 3600) return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h {:02}m", seconds / 3600, seconds / 60 % 60);
}

std::string format_count(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::int64_t estimate_tokens(std::string_view text) {
  const auto continuations = std::count_if(text.begin(), text.end(), is_continuation);
  return (static_cast<std::int64_t>(text.size()) - continuations + 3) / 4;
}

}  // namespace mixagent
