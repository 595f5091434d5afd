#include "core/edits.h"

#include "base/text.h"
#include "core/line_match.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

namespace mixagent {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::size_t max_shown_lines = 12;
constexpr std::size_t max_shown_bytes = 160;
constexpr double recognisable = 0.4;  // below: showing the nearest lines would mislead
constexpr double sure = 0.85;         // a place so like the search is the one that was meant

// ---- the file as the edits see it: no mark, "\n" only, a newline at the end ----

struct Buffer {
  std::string text;
  bool mark = false;
  bool crlf = false;  // all of its line ends; a file of both kinds is left as it is
  bool open_end = false;
};

bool has_only_crlf(std::string_view text) {
  bool any = false;
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    if (at == 0 || text[at - 1] != '\r') return false;
    any = true;
  }
  return any;
}

bool has_crlf(std::string_view text) {
  return text.find("\r\n") != std::string_view::npos;
}

Buffer open_buffer(const std::string& text) {
  Buffer buffer{text};
  if (buffer.text.rfind(byte_order_mark, 0) == 0) {
    buffer.mark = true;
    buffer.text.erase(0, byte_order_mark.size());
  }
  buffer.crlf = has_only_crlf(buffer.text);
  if (buffer.crlf) buffer.text = replace_all(std::move(buffer.text), "\r\n", "\n");
  buffer.open_end = !buffer.text.empty() && buffer.text.back() != '\n';
  if (buffer.open_end) buffer.text += '\n';
  return buffer;
}

std::string close_buffer(const Buffer& buffer) {
  std::string text = buffer.text;
  if (buffer.open_end && !text.empty() && text.back() == '\n') text.pop_back();
  if (buffer.crlf) text = replace_all(std::move(text), "\n", "\r\n");
  return buffer.mark ? std::string(byte_order_mark) + text : text;
}

Edit normalised(Edit edit, const std::string& file) {
  const bool mixed = has_crlf(file) && !has_only_crlf(file);
  for (std::string* text : {&edit.search, &edit.replace}) {
    if (text->rfind(byte_order_mark, 0) == 0) text->erase(0, byte_order_mark.size());
    if (!mixed) *text = replace_all(std::move(*text), "\r\n", "\n");
  }
  return edit;
}

// ---- places ----

std::size_t line_of(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(std::count(
                 text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

std::size_t lines_in(std::string_view piece) {
  const auto ends = static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n'));
  return ends + (!piece.empty() && piece.back() == '\n' ? 0 : 1);
}

std::string span(std::size_t first, std::size_t count) {
  if (count < 2) return "line " + std::to_string(first);
  return "lines " + std::to_string(first) + "-" + std::to_string(first + count - 1);
}

// Overlapping ones too: "aa" stands twice in "aaa", so it does not say which is meant.
std::vector<std::size_t> exact_matches(std::string_view text, std::string_view piece) {
  std::vector<std::size_t> found;
  for (auto at = text.find(piece); at != std::string_view::npos; at = text.find(piece, at + 1)) {
    found.push_back(at);
  }
  return found;
}

std::string numbered(const std::vector<std::string>& lines, std::size_t first, std::size_t count) {
  std::string out;
  const auto end = std::min(first + count, lines.size());
  for (std::size_t i = first; i < end && i < first + max_shown_lines; ++i) {
    out += "\n" + std::to_string(i + 1) + "| " + clip(lines[i], max_shown_bytes);
  }
  if (end > first + max_shown_lines) out += "\n...";
  return out;
}

std::string numbered_matches(std::string_view text, const std::vector<std::size_t>& offsets) {
  const auto lines = split_lines(text);
  std::string out;
  std::size_t shown = 0;
  for (const auto offset : offsets) {
    if (shown++ == max_shown_lines) return out + "\n...";
    const auto line = line_of(text, offset);
    if (line <= lines.size()) out += numbered(lines, line - 1, 1);
  }
  return out;
}

std::string line_list(std::string_view text, const std::vector<std::size_t>& offsets) {
  std::vector<std::string> numbers;
  for (const auto offset : offsets) {
    if (numbers.size() == max_shown_lines) {
      numbers.emplace_back("...");
      break;
    }
    numbers.push_back(std::to_string(line_of(text, offset)));
  }
  return "lines " + join(numbers, ", ");
}

// ---- one edit ----

struct Applied {
  enum class Kind { applied, already, refused } kind = Kind::refused;
  std::string message;
  bool tolerant = false;
};

Applied refused(std::string why) {
  return {Applied::Kind::refused, std::move(why), false};
}
Applied already(std::size_t first, std::size_t count) {
  return {Applied::Kind::already, "already there at " + span(first, count), false};
}

class Editor {
 public:
  Editor(Buffer buffer, bool may_be_tolerant)
      : buffer_(std::move(buffer)), original_(buffer_.text), may_be_tolerant_(may_be_tolerant) {}

  const Buffer& buffer() const { return buffer_; }

  Applied apply(const Edit& edit) {
    if (edit.search.empty()) return fill_empty_file(edit);
    if (edit.search == edit.replace) {
      return refused(
          "search and replace are the same text, so nothing would change; put the new "
          "text into replace");
    }
    const auto found = exact_matches(text(), edit.search);
    if (edit.all && !found.empty()) return replace_every(edit);
    if (found.size() == 1) return replace_exact(edit, found[0]);
    if (found.size() > 1) return replace_nearest(edit, found);
    return edit.all ? missing(edit) : replace_loose(edit);
  }

 private:
  struct Shift {
    std::size_t line;  // where, in the text of that moment
    std::ptrdiff_t by;
  };

  const std::string& text() const { return buffer_.text; }

  Applied fill_empty_file(const Edit& edit) {
    if (!text().empty()) {
      return refused(
          "search is empty, and the file is not; give the lines to replace, or use "
          "write_file for the whole file");
    }
    buffer_.text = edit.replace;
    return {Applied::Kind::applied, "written into the empty file", false};
  }

  void splice(std::size_t at, std::size_t length, std::string_view by) {
    const auto before = std::count(text().begin() + static_cast<std::ptrdiff_t>(at),
                                   text().begin() + static_cast<std::ptrdiff_t>(at + length), '\n');
    const auto after = std::count(by.begin(), by.end(), '\n');
    shifts_.push_back({line_of(text(), at), after - before});
    buffer_.text.replace(at, length, by);
  }

  Applied replace_every(const Edit& edit) {
    std::size_t count = 0;
    std::size_t first = 0;
    for (auto at = text().find(edit.search); at != std::string::npos;
         at = text().find(edit.search, at + edit.replace.size())) {
      if (count++ == 0) first = line_of(text(), at);
      splice(at, edit.search.size(), edit.replace);
    }
    return {Applied::Kind::applied,
            "applied at " + std::to_string(count) + (count == 1 ? " place" : " places") +
                ", the first at line " + std::to_string(first),
            false};
  }

  Applied replace_exact(const Edit& edit, std::size_t at) {
    if (const auto stands = surrounds(edit, at)) {
      return already(line_of(text(), *stands), lines_in(edit.replace));
    }
    const auto line = line_of(text(), at);
    splice(at, edit.search.size(), edit.replace);
    return {Applied::Kind::applied, "applied at " + span(line, lines_in(edit.replace)), false};
  }

  // An insertion of whole lines beside the search that has been made before: the search still
  // stands, and the replacement around it. Lines without a word (a brace, say) may well be wanted
  // twice.
  std::optional<std::size_t> surrounds(const Edit& edit, std::size_t at) const {
    const auto inside = edit.replace.find(edit.search);
    if (inside == std::string::npos || inside > at) return std::nullopt;
    const auto start = at - inside;
    const auto end = start + edit.replace.size();
    if (text().compare(start, edit.replace.size(), edit.replace) != 0) return std::nullopt;
    const bool whole_lines =
        (start == 0 || text()[start - 1] == '\n') &&
        (edit.replace.back() == '\n' || end == text().size() || text()[end] == '\n');
    const std::string added =
        edit.replace.substr(0, inside) + edit.replace.substr(inside + edit.search.size());
    const bool has_word = std::any_of(added.begin(), added.end(), is_word);
    if (!whole_lines || !has_word || added.find('\n') == std::string::npos) return std::nullopt;
    return start;
  }

  Applied replace_nearest(const Edit& edit, const std::vector<std::size_t>& found) {
    const std::string places = "search text stands " + std::to_string(found.size()) + " times, " +
                               line_list(text(), found);
    if (edit.near_line <= 0) {
      return refused(places + "; add lines around it, or set near_line or all:" +
                     numbered_matches(text(), found));
    }
    const auto here = meant_place(edit, found);
    if (!here) {
      return refused(places + "; near_line " + std::to_string(edit.near_line) +
                     " does not tell which is meant" +
                     (shifts_.empty() ? "" : " after the edits before it") +
                     "; add lines around it:" + numbered_matches(text(), found));
    }
    return replace_exact(edit, *here);
  }

  // The line numbers that the model saw are most likely those before this call's edits, but it may
  // have counted on. Where the two readings differ, only a place that is hit exactly by one of them
  // decides.
  std::optional<std::size_t> meant_place(const Edit& edit,
                                         const std::vector<std::size_t>& found) const {
    const auto seen = nearest_of(edit, found, moved_line(edit.near_line));
    const auto counted = nearest_of(edit, found, edit.near_line);
    if (seen.at == counted.at) return seen.at;
    const bool seen_hits = seen.at && seen.distance == 0;
    const bool counted_hits = counted.at && counted.distance == 0;
    if (seen_hits == counted_hits) return std::nullopt;
    return seen_hits ? seen.at : counted.at;
  }

  int moved_line(int line) const {
    std::ptrdiff_t at = line;
    for (const auto& shift : shifts_) {
      if (at > static_cast<std::ptrdiff_t>(shift.line)) at += shift.by;
    }
    return static_cast<int>(at);
  }

  struct Near {
    std::optional<std::size_t> at;  // nothing when two are equally near
    int distance = 0;
  };

  Near nearest_of(const Edit& edit, const std::vector<std::size_t>& found, int near_line) const {
    const auto height = static_cast<int>(lines_in(edit.search));
    Near best;
    bool any = false;
    for (const auto at : found) {
      const int first = static_cast<int>(line_of(text(), at));
      const int last = first + height - 1;
      const int distance = near_line < first ? first - near_line : std::max(0, near_line - last);
      if (any && distance == best.distance) best.at.reset();
      if (!any || distance < best.distance) best = {at, distance};
      any = true;
    }
    return best;
  }

  Applied replace_loose(const Edit& edit) {
    const auto lines = split_lines(text());
    const auto piece = split_lines(edit.search);
    const auto replacement = split_lines(edit.replace);
    const auto found = loose_matches(lines, piece);
    if (found.empty()) return missing(edit);
    if (found.size() > 1) {
      std::vector<std::string> numbers;
      for (const auto at : found) numbers.push_back(std::to_string(at + 1));
      return refused("no exact match; up to white space it stands at lines " + join(numbers, ", ") +
                     "; copy the lines exactly as they are");
    }
    const auto at = found[0];
    const std::vector<std::string> matched(
        lines.begin() + static_cast<std::ptrdiff_t>(at),
        lines.begin() + static_cast<std::ptrdiff_t>(at + piece.size()));
    const std::string where = span(at + 1, piece.size());
    if (matched == replacement) return already(at + 1, piece.size());
    const auto copy = [&](const char* why) {
      return refused("matches " + where + " only up to white space" + why + ":" +
                     numbered(lines, at, piece.size()));
    };
    if (!may_be_tolerant_) return copy("; read the file first, or copy the lines exactly");
    if (same_but_space(piece, replacement)) {
      return copy(", and the edit changes nothing else; copy the lines exactly");
    }
    const auto indented = reindent(piece, matched, replacement);
    if (!indented) return copy(", and its indentation does not carry over; copy the lines exactly");
    replace_lines(matched, at, *indented);
    return {Applied::Kind::applied,
            "applied at " + span(at + 1, indented->size()) + "; white space differed" +
                (*indented == replacement ? "" : ", the replacement was re-indented") +
                ": check it",
            true};
  }

  static bool same_but_space(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return std::equal(
        a.begin(), a.end(), b.begin(), b.end(),
        [](const auto& one, const auto& other) { return squeeze(one) == squeeze(other); });
  }

  void replace_lines(const std::vector<std::string>& matched, std::size_t first,
                     const std::vector<std::string>& by) {
    std::size_t at = 0;
    for (std::size_t line = 0; line < first; ++line) at = text().find('\n', at) + 1;
    std::size_t length = 0;
    for (const auto& line : matched) length += line.size() + 1;
    const bool carriage =
        !matched[0].empty() && matched[0].back() == '\r';  // a file of mixed line ends
    std::string fresh;
    for (std::string line : by) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      fresh += line + (carriage ? "\r\n" : "\n");
    }
    splice(at, std::min(length, text().size() - at), fresh);
  }

  Applied missing(const Edit& edit) const {
    const auto lines = split_lines(text());
    const auto piece = split_lines(edit.search);
    const auto nearest = nearest_window(lines, piece);
    if (const auto at = stands_already(edit, lines, piece, nearest)) {
      return already(line_of(text(), *at), lines_in(edit.replace));
    }
    std::string why = "search text not found";
    if (holds_line_numbers(piece)) why += "; it holds line numbers, which are not part of the file";
    if (exact_matches(original_, edit.search).size() == 1) {
      why += "; an edit before it in this call has changed that place";
    }
    if (!nearest || nearest->similarity < recognisable)
      return refused(why + "; read the file again");
    return refused(why + ". Nearest:" + numbered(lines, nearest->line, piece.size()) +
                   differences(lines, piece, nearest->line));
  }

  // The replacement stands in one place, and no other place looks more like what was searched.
  std::optional<std::size_t> stands_already(const Edit& edit, const std::vector<std::string>& lines,
                                            const std::vector<std::string>& piece,
                                            const std::optional<Nearest>& nearest) const {
    if (trim(edit.replace).empty()) return std::nullopt;
    std::vector<std::size_t> found;
    for (const auto at : exact_matches(text(), edit.replace)) {
      if (stands_alone(at, edit.replace.size())) found.push_back(at);
    }
    if (found.empty()) return std::nullopt;
    if (found.size() > 1 && !edit.all) {
      if (edit.near_line <= 0) return std::nullopt;
      return nearest_of(edit, found, edit.near_line).at;
    }
    if (!nearest || nearest->similarity < sure) return found[0];
    const auto first = line_of(text(), found[0]) - 1;
    const bool elsewhere =
        nearest->line + piece.size() <= first || first + lines_in(edit.replace) <= nearest->line;
    if (!elsewhere) return found[0];
    const auto end = std::min(lines.size(), first + piece.size());
    const auto there = nearest_window({lines.begin() + static_cast<std::ptrdiff_t>(first),
                                       lines.begin() + static_cast<std::ptrdiff_t>(end)},
                                      piece);
    if (there && there->similarity >= nearest->similarity) return found[0];
    return std::nullopt;
  }

  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  }

  // "bar" does not stand in "rebar".
  bool stands_alone(std::size_t at, std::size_t length) const {
    const auto end = at + length;
    const bool joined_left = at > 0 && is_word(text()[at - 1]) && is_word(text()[at]);
    const bool joined_right =
        end < text().size() && is_word(text()[end - 1]) && is_word(text()[end]);
    return !joined_left && !joined_right;
  }

  static bool holds_line_numbers(const std::vector<std::string>& piece) {
    return std::all_of(piece.begin(), piece.end(), [](const std::string& line) {
      const auto text = trim(line);
      const auto end = text.find_first_not_of("0123456789");
      return end != 0 && end != std::string_view::npos &&
             (text[end] == '|' || text[end] == ':' || text[end] == '\t');
    });
  }

  static std::string differences(const std::vector<std::string>& lines,
                                 const std::vector<std::string>& piece, std::size_t at) {
    std::string out;
    int shown = 0;
    for (std::size_t i = 0; i < piece.size() && at + i < lines.size() && shown < 3; ++i) {
      if (piece[i] == lines[at + i]) continue;
      ++shown;
      out += "\nline " + std::to_string(at + i + 1) + ": your search has `" +
             clip(piece[i], max_shown_bytes) + "`";
    }
    return out;
  }

  Buffer buffer_;
  std::string original_;
  bool may_be_tolerant_;
  std::vector<Shift> shifts_;
};

}  // namespace

EditOutcome apply_edits(const std::string& text, const std::vector<Edit>& edits,
                        bool may_be_tolerant) {
  EditOutcome outcome;
  if (edits.empty()) {
    outcome.message = "no edits given; pass edits: [{search, replace}]";
    return outcome;
  }
  Editor editor(open_buffer(text), may_be_tolerant);
  std::vector<std::string> done;
  std::vector<std::string> failed;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    const auto step = editor.apply(normalised(edits[i], text));
    const std::string label = edits.size() == 1 ? "" : "edit " + std::to_string(i + 1) + ": ";
    (step.kind == Applied::Kind::refused ? failed : done).push_back(label + step.message);
    outcome.tolerant = outcome.tolerant || step.tolerant;
  }
  outcome.ok = failed.empty();
  if (!outcome.ok) {
    outcome.tolerant = false;
    outcome.message = join(failed, "\n");
    if (edits.size() > 1) outcome.message += "\nNone of the edits was applied.";
    return outcome;
  }
  outcome.text = close_buffer(editor.buffer());
  outcome.changed = outcome.text != text;
  outcome.message = join(done, "\n");
  return outcome;
}

}  // namespace mixagent
