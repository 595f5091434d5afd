#include "core/edit_places.h"

#include "base/text.h"

#include <algorithm>
#include <utility>

namespace mixagent {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::size_t max_shown_lines = 12;
constexpr std::size_t max_shown_bytes = 160;

}  // namespace

EditableText open_text(const std::string& bytes) {
  EditableText out;
  out.latin1 = is_latin1(bytes);
  out.text = out.latin1 ? latin1_to_utf8(bytes) : bytes;
  if (out.text.starts_with(byte_order_mark)) {
    out.mark = true;
    out.text.erase(0, byte_order_mark.size());
  }
  std::size_t ends = 0;
  std::size_t with_return = 0;
  for (std::size_t at = out.text.find('\n'); at != std::string::npos;
       at = out.text.find('\n', at + 1)) {
    ++ends;
    if (at > 0 && out.text[at - 1] == '\r') ++with_return;
  }
  out.crlf = ends > 0 && with_return == ends;
  out.mixed = with_return > 0 && with_return < ends;
  if (out.crlf) out.text = replace_all(std::move(out.text), "\r\n", "\n");
  out.open_end = !out.text.empty() && out.text.back() != '\n';
  if (out.open_end) out.text += '\n';
  return out;
}

std::optional<std::string> close_text(const EditableText& text) {
  std::string out = text.text;
  if (text.open_end && !out.empty() && out.back() == '\n') out.pop_back();
  if (text.crlf) out = replace_all(std::move(out), "\n", "\r\n");
  if (text.latin1) return utf8_to_latin1(out);
  return text.mark ? std::string(byte_order_mark) + out : out;
}

std::string write_like(const std::string& old_bytes, const std::string& content) {
  const EditableText old = open_text(old_bytes);
  EditableText fresh = open_text(content);
  const bool own_ends = content.find('\r') != std::string::npos;  // then it says what it wants
  fresh.crlf = fresh.crlf || (old.crlf && !own_ends);
  fresh.mark = fresh.mark || old.mark;
  fresh.latin1 = old.latin1;
  const auto old_lines = split_lines(old.text);
  const auto new_lines = split_lines(fresh.text);
  const bool same_end =
      !old_lines.empty() && !new_lines.empty() && old_lines.back() == new_lines.back();
  if (same_end) fresh.open_end = old.open_end;
  return close_text(fresh).value_or(content);
}

LineNumbers::LineNumbers(std::string_view text) {
  for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    ends_.push_back(at);
  }
}

std::size_t LineNumbers::of(std::size_t offset) const {
  return 1 + static_cast<std::size_t>(std::lower_bound(ends_.begin(), ends_.end(), offset) -
                                      ends_.begin());
}

std::size_t lines_in(std::string_view piece) {
  const auto ends = static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
  return ends + (!piece.empty() && piece.back() == '\n' ? 0 : 1);
}

std::vector<std::size_t> exact_matches(std::string_view text, std::string_view piece) {
  std::vector<std::size_t> found;
  for (auto at = text.find(piece); at != std::string_view::npos; at = text.find(piece, at + 1)) {
    found.push_back(at);
  }
  return found;
}

NearPlace nearest_place(const LineNumbers& numbers, const std::vector<std::size_t>& offsets,
                        std::size_t height, std::size_t line) {
  NearPlace best;
  bool any = false;
  for (const auto at : offsets) {
    const auto first = numbers.of(at);
    const auto last = first + height - 1;
    const auto distance = line < first ? first - line : line > last ? line - last : 0;
    if (any && distance == best.distance) best.at.reset();
    if (!any || distance < best.distance) best = {at, distance};
    any = true;
  }
  return best;
}

std::string line_span(std::size_t first, std::size_t count) {
  if (count < 2) return "line " + std::to_string(first);
  return "lines " + std::to_string(first) + "-" + std::to_string(first + count - 1);
}

std::string line_list(const std::vector<std::size_t>& lines) {
  std::vector<std::string> numbers;
  for (const auto line : lines) {
    const bool full = numbers.size() == max_shown_lines;
    numbers.push_back(full ? "..." : std::to_string(line));
    if (full) break;
  }
  return "lines " + join(numbers, ", ");
}

std::string numbered_lines(const std::vector<std::string>& lines, std::size_t first,
                           std::size_t count) {
  std::string out;
  const auto end = std::min(first + count, lines.size());
  for (std::size_t i = first; i < end && i < first + max_shown_lines; ++i) {
    out += "\n" + std::to_string(i + 1) + "| " + clip(lines[i], max_shown_bytes);
  }
  if (end > first + max_shown_lines) out += "\n...";
  return out;
}

}  // namespace mixagent
