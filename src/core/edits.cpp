#include "core/edits.h"

#include "base/text.h"
#include "core/edit_places.h"
#include "core/line_match.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace mixagent {

namespace {

using Strings = std::vector<std::string>;

constexpr double sure = 0.85;  // a place so like the search is the one that was meant

struct Applied {
  enum class Kind { applied, already, refused } kind = Kind::refused;
  std::string message;
  bool tolerant = false;
};

Applied applied(std::string how) {
  return {Applied::Kind::applied, std::move(how), false};
}
Applied already(std::size_t first, std::size_t count) {
  return {Applied::Kind::already, "already there at " + line_span(first, count), false};
}
Applied refused(std::string why) {
  return {Applied::Kind::refused, std::move(why), false};
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

Strings slice(const Strings& lines, std::size_t first, std::size_t count) {
  const auto from = lines.begin() + static_cast<std::ptrdiff_t>(std::min(first, lines.size()));
  const auto end = std::min(first + count, lines.size());
  return {from, lines.begin() + static_cast<std::ptrdiff_t>(end)};
}

bool same_but_space(const Strings& a, const Strings& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
    return squeeze(one) == squeeze(other);
  });
}

// "12| code": copied from what read_file shows.
bool holds_line_numbers(const Strings& piece) {
  return std::all_of(piece.begin(), piece.end(), [](const std::string& line) {
    const auto text = trim(line);
    const auto end = text.find_first_not_of("0123456789");
    return end != 0 && end != std::string_view::npos &&
           std::string_view("|:\t").find(text[end]) != std::string_view::npos;
  });
}

std::string differences(const Strings& lines, const Strings& piece, std::size_t at) {
  std::string out;
  int shown = 0;
  for (std::size_t i = 0; i < piece.size() && at + i < lines.size() && shown < 3; ++i) {
    if (piece[i] == lines[at + i]) continue;
    ++shown;
    out +=
        "\nline " + std::to_string(at + i + 1) + ": your search has `" + clip(piece[i], 160) + "`";
  }
  return out;
}

// The edits of one call, one after the other on the same text.
class Editor {
 public:
  Editor(const std::string& bytes, bool may_be_tolerant)
      : file_(open_text(bytes)), original_(file_.text), may_be_tolerant_(may_be_tolerant) {}

  std::optional<std::string> bytes() const { return close_text(file_); }

  Applied apply(Edit edit) {
    for (std::string* text : {&edit.search, &edit.replace}) {
      if (!file_.mixed) *text = replace_all(std::move(*text), "\r\n", "\n");
    }
    if (edit.search.empty()) return fill_empty_file(edit);
    if (edit.search == edit.replace) {
      return refused(
          "search and replace are the same text, so nothing would change; put the new text into "
          "replace");
    }
    const auto found = exact_matches(text(), edit.search);
    if (edit.all && !found.empty()) {
      if (grows_too_much(edit, found.size())) {
        return refused("replacing all " + std::to_string(found.size()) +
                       " places is too much for one edit; make search longer");
      }
      return replace_every(edit);
    }
    if (found.size() == 1) return replace_exact(edit, found[0]);
    if (found.size() > 1) return replace_nearest(edit, found);
    return edit.all ? missing(edit) : replace_loose(edit);
  }

 private:
  // Replacing all, again and again, multiplies: some hundred bytes of edits would fill the memory.
  bool grows_too_much(const Edit& edit, std::size_t places) const {
    constexpr std::ptrdiff_t most = std::ptrdiff_t{16} << 20;
    if (places > 100'000) return true;
    const auto grown =
        static_cast<std::ptrdiff_t>(places) * (std::ssize(edit.replace) - std::ssize(edit.search));
    return grown > 0 && std::ssize(text()) + grown > most;
  }

  struct Shift {
    std::size_t line;  // where, in the text of that moment
    std::ptrdiff_t by;
  };

  const std::string& text() const { return file_.text; }
  std::size_t line_at(std::size_t offset) const { return LineNumbers(text()).of(offset); }

  void splice(std::size_t at, std::size_t length, std::string_view by) {
    const auto from = text().begin() + static_cast<std::ptrdiff_t>(at);
    const auto before = std::count(from, from + static_cast<std::ptrdiff_t>(length), '\n');
    shifts_.push_back({line_at(at), std::count(by.begin(), by.end(), '\n') - before});
    file_.text.replace(at, length, by);
  }

  Applied fill_empty_file(const Edit& edit) {
    if (!text().empty()) {
      return refused(
          "search is empty, and the file is not; give the lines to replace, or use write_file for "
          "the whole file");
    }
    file_.text = edit.replace;
    return applied("written into the empty file");
  }

  // ---- exact ----

  Applied replace_every(const Edit& edit) {
    const auto ends = std::count(edit.search.begin(), edit.search.end(), '\n');
    const auto by = std::count(edit.replace.begin(), edit.replace.end(), '\n') - ends;
    const LineNumbers numbers(text());
    std::string fresh;
    std::size_t count = 0;
    std::size_t first = 0;
    std::size_t from = 0;
    for (auto at = text().find(edit.search); at != std::string::npos;
         at = text().find(edit.search, from)) {
      const auto line = numbers.of(at);
      if (count == 0) first = line;
      if (by != 0) {
        const auto moved =
            static_cast<std::ptrdiff_t>(line) + static_cast<std::ptrdiff_t>(count) * by;
        shifts_.push_back({static_cast<std::size_t>(moved), by});
      }
      fresh.append(text(), from, at - from).append(edit.replace);
      from = at + edit.search.size();
      ++count;
    }
    fresh.append(text(), from);
    file_.text = std::move(fresh);
    return applied("applied at " + std::to_string(count) + (count == 1 ? " place" : " places") +
                   ", the first at line " + std::to_string(first));
  }

  Applied replace_exact(const Edit& edit, std::size_t at) {
    if (const auto stands = surrounding(edit, at)) {
      return already(line_at(*stands), lines_in(edit.replace));
    }
    const auto line = line_at(at);
    splice(at, edit.search.size(), edit.replace);
    return applied("applied at " + line_span(line, lines_in(edit.replace)));
  }

  // An insertion of whole lines beside the search that has been made before: the search still
  // stands, and the replacement around it. Lines without a word (a brace, say) may well be wanted
  // twice.
  std::optional<std::size_t> surrounding(const Edit& edit, std::size_t at) const {
    const auto inside = edit.replace.find(edit.search);
    if (inside == std::string::npos || inside > at) return std::nullopt;
    const auto start = at - inside;
    const auto end = start + edit.replace.size();
    if (text().compare(start, edit.replace.size(), edit.replace) != 0) return std::nullopt;
    const bool whole_lines =
        (start == 0 || text()[start - 1] == '\n') &&
        (edit.replace.back() == '\n' || end == text().size() || text()[end] == '\n');
    std::string added = edit.replace;
    added.erase(inside, edit.search.size());
    const bool has_word = std::any_of(added.begin(), added.end(), is_word);
    if (!whole_lines || !has_word || added.find('\n') == std::string::npos) return std::nullopt;
    return start;
  }

  Applied replace_nearest(const Edit& edit, const std::vector<std::size_t>& found) {
    const LineNumbers numbers(text());
    std::vector<std::size_t> lines;
    for (const auto at : found) lines.push_back(numbers.of(at));
    const std::string places =
        "search text stands " + std::to_string(found.size()) + " times, " + line_list(lines);
    if (edit.near_line <= 0) {
      return refused(places + "; add lines around it, or set near_line or all:" + shown(lines));
    }
    const auto here = meant_place(edit, found, numbers);
    if (here) return replace_exact(edit, *here);
    return refused(places + "; near_line " + std::to_string(edit.near_line) +
                   " does not tell which is meant" +
                   (shifts_.empty() ? "" : " after the edits before it") +
                   "; add lines around it:" + shown(lines));
  }

  std::string shown(const std::vector<std::size_t>& numbers) const {
    const auto lines = split_lines(text());
    std::string out;
    for (std::size_t i = 0; i < numbers.size() && i < 12; ++i) {
      out += numbered_lines(lines, numbers[i] - 1, 1);
    }
    return out + (numbers.size() > 12 ? "\n..." : "");
  }

  // The line numbers that the model saw are most likely those before this call's edits, but it may
  // have counted on. Where the two readings differ, only a place that is hit exactly by one of them
  // decides.
  std::optional<std::size_t> meant_place(const Edit& edit, const std::vector<std::size_t>& found,
                                         const LineNumbers& numbers) const {
    const auto height = lines_in(edit.search);
    const auto line = static_cast<std::size_t>(edit.near_line);
    const auto seen = nearest_place(numbers, found, height, moved_line(line));
    const auto counted = nearest_place(numbers, found, height, line);
    if (seen.at == counted.at) return seen.at;
    const bool seen_hits = seen.at && seen.distance == 0;
    const bool counted_hits = counted.at && counted.distance == 0;
    if (seen_hits == counted_hits) return std::nullopt;
    return seen_hits ? seen.at : counted.at;
  }

  std::size_t moved_line(std::size_t line) const {
    auto at = static_cast<std::ptrdiff_t>(line);
    for (const auto& shift : shifts_) {
      if (at > static_cast<std::ptrdiff_t>(shift.line)) at += shift.by;
    }
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(at, 0));
  }

  // ---- up to white space ----

  Applied replace_loose(const Edit& edit) {
    const auto lines = split_lines(text());
    const auto piece = split_lines(edit.search);
    const auto replacement = split_lines(edit.replace);
    auto found = loose_matches(lines, piece);
    if (found.empty()) return missing(edit);
    if (found.size() > 1) {
      for (auto& at : found) ++at;
      return refused("no exact match; up to white space it stands at " + line_list(found) +
                     "; copy the lines exactly as they are");
    }
    const auto at = found[0];
    const auto matched = slice(lines, at, piece.size());
    if (matched == replacement) return already(at + 1, piece.size());
    const auto copy = [&](const char* why) {
      return refused("matches " + line_span(at + 1, piece.size()) + " only up to white space" +
                     why + ":" + numbered_lines(lines, at, piece.size()));
    };
    if (!may_be_tolerant_) return copy("; read the file first, or copy the lines exactly");
    if (same_but_space(piece, replacement)) {
      return copy(", and the edit changes nothing else; copy the lines exactly");
    }
    const auto indented = reindent(piece, matched, replacement);
    if (!indented) return copy(", and its indentation does not carry over; copy the lines exactly");
    replace_lines(lines, at, piece.size(), *indented);
    Applied done = applied(
        "applied at " + line_span(at + 1, indented->size()) + "; white space differed" +
        (*indented == replacement ? "" : ", the replacement was re-indented") + ": check it");
    done.tolerant = true;
    return done;
  }

  void replace_lines(const Strings& lines, std::size_t first, std::size_t count,
                     const Strings& by) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < first; ++i) at += lines[i].size() + 1;
    std::size_t length = 0;
    for (std::size_t i = first; i < first + count; ++i) length += lines[i].size() + 1;
    // In a file of mixed line ends the new lines end as the first one did.
    const bool carriage = !lines[first].empty() && lines[first].back() == '\r';
    std::string fresh;
    for (std::string line : by) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      fresh += line + (carriage ? "\r\n" : "\n");
    }
    splice(at, length, fresh);
  }

  // ---- not found ----

  Applied missing(const Edit& edit) const {
    const auto lines = split_lines(text());
    const auto piece = split_lines(edit.search);
    const auto nearest = nearest_window(lines, piece);
    if (const auto at = stands_already(edit, lines, piece, nearest)) {
      return already(line_at(*at), lines_in(edit.replace));
    }
    std::string why = "search text not found";
    if (holds_line_numbers(piece)) why += "; it holds line numbers, which are not part of the file";
    if (exact_matches(original_, edit.search).size() == 1) {
      why += "; an edit before it in this call has changed that place";
    }
    if (!nearest || nearest->similarity < recognisable)
      return refused(why + "; read the file again");
    return refused(why + ". Nearest:" + numbered_lines(lines, nearest->line, piece.size()) +
                   differences(lines, piece, nearest->line));
  }

  // The replacement stands in one place, and no other place looks more like what was searched.
  std::optional<std::size_t> stands_already(const Edit& edit, const Strings& lines,
                                            const Strings& piece,
                                            const std::optional<Nearest>& nearest) const {
    if (trim(edit.replace).empty()) return std::nullopt;
    std::vector<std::size_t> found;
    for (const auto at : exact_matches(text(), edit.replace)) {
      if (stands_alone(at, edit.replace.size())) found.push_back(at);
    }
    if (found.empty() || still_to_do(lines, piece, split_lines(edit.replace), nearest))
      return std::nullopt;
    const LineNumbers numbers(text());
    if (found.size() > 1 && !edit.all) {
      if (edit.near_line <= 0) return std::nullopt;
      const auto line = static_cast<std::size_t>(edit.near_line);
      return nearest_place(numbers, found, lines_in(edit.replace), line).at;
    }
    if (!nearest || nearest->similarity < sure) return found[0];
    const auto first = numbers.of(found[0]) - 1;
    const bool elsewhere =
        nearest->line + piece.size() <= first || first + lines_in(edit.replace) <= nearest->line;
    const auto here = nearest_window(slice(lines, first, piece.size()), piece);
    if (elsewhere && (!here || here->similarity < nearest->similarity)) return std::nullopt;
    return found[0];
  }

  // "bar" does not stand in "rebar".
  bool stands_alone(std::size_t at, std::size_t length) const {
    const auto end = at + length;
    const bool joined_left = at > 0 && is_word(text()[at - 1]) && is_word(text()[at]);
    const bool joined_right =
        end < text().size() && is_word(text()[end - 1]) && is_word(text()[end]);
    return !joined_left && !joined_right;
  }

  EditableText file_;
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
  Editor editor(text, may_be_tolerant);
  Strings done;
  Strings failed;
  bool tolerant = false;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    const auto one = editor.apply(edits[i]);
    const std::string label = edits.size() == 1 ? "" : "edit " + std::to_string(i + 1) + ": ";
    (one.kind == Applied::Kind::refused ? failed : done).push_back(label + one.message);
    tolerant = tolerant || one.tolerant;
  }
  if (!failed.empty()) {
    outcome.message = join(failed, "\n");
    if (edits.size() > 1) outcome.message += "\nNone of the edits was applied.";
    return outcome;
  }
  auto bytes = editor.bytes();
  if (!bytes) {
    outcome.message =
        "the file is Latin-1, and a replacement holds characters that Latin-1 lacks; keep to those "
        "of Latin-1, or escape them as the language does";
    return outcome;
  }
  outcome.ok = true;
  outcome.text = *std::move(bytes);
  outcome.message = join(done, "\n");
  outcome.changed = outcome.text != text;
  outcome.tolerant = tolerant;
  return outcome;
}

}  // namespace mixagent
