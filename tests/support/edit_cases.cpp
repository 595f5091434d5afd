#include "support/edit_cases.h"

#include "core/edit_places.h"
#include "core/edits.h"
#include "core/text_protocol.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace mixagent {

namespace {

using Lines = std::vector<std::string>;

// ---- lines, the generator's own ----

Lines cut_lines(const std::string& text) {
  Lines lines;
  std::string line;
  for (const char c : text) {
    if (c == '\n') {
      lines.push_back(line);
      line.clear();
    } else {
      line += c;
    }
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

std::string glue(const Lines& lines, bool closed = true) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += lines[i];
    if (closed || i + 1 < lines.size()) text += '\n';
  }
  return text;
}

Lines range(const Lines& lines, std::size_t first, std::size_t count) {
  Lines out;
  for (std::size_t i = first; i < first + count && i < lines.size(); ++i) out.push_back(lines[i]);
  return out;
}

Lines joined(Lines a, const Lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string without_space(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\r') out += c;
  }
  return out;
}

std::size_t count_of(const std::string& text, const std::string& piece) {
  std::size_t count = 0;
  if (piece.empty()) return 0;
  for (auto at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++count;
  return count;
}

std::string bare(const Lines& lines) {
  return without_space(glue(lines));
}

bool stands_loosely(const Lines& lines, const Lines& piece) {
  const std::string wanted = "\n" + bare(piece);
  return ("\n" + bare(lines)).find(wanted) != std::string::npos;
}

std::string indent_of(const std::string& line) {
  return line.substr(0, line.find_first_not_of(" \t"));
}

// The file as a model sees it: line ends are newlines, no mark.
struct Shown {
  Lines lines;
  bool mark = false, crlf = false, closed = true;
};

Shown show(const std::string& bytes) {
  Shown shown;
  std::string text = bytes;
  if (text.rfind("\xef\xbb\xbf", 0) == 0) {
    shown.mark = true;
    text.erase(0, 3);
  }
  const auto ends = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  shown.crlf = ends > 0 && count_of(text, "\r\n") == ends;
  if (shown.crlf) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') plain += text[i];
    }
    text = plain;
  }
  shown.closed = text.empty() || text.back() == '\n';
  shown.lines = cut_lines(text);
  return shown;
}

std::string bytes_of(const Shown& shown) {
  std::string text;
  for (const char c : glue(shown.lines, shown.closed)) {
    if (c == '\n' && shown.crlf) text += '\r';
    text += c;
  }
  return shown.mark ? "\xef\xbb\xbf" + text : text;
}

// ---- the change that is meant ----

class Maker {
 public:
  explicit Maker(std::mt19937& random) : random_(random) {}

  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  bool chance(std::size_t percent) { return below(100) < percent; }

  std::string new_line(const std::string& indent) {
    static const char* const texts[] = {"value = compute(%, limit)", "return first_%(items);",
                                        "if (count > %) {",          "// note % about this",
                                        "self.size_% = None",        "}",
                                        "\"key_%\": [1, 2, 3],",     "log(\"step % \\\\n done\")"};
    std::string line = texts[below(8)];
    const auto at = line.find('%');
    if (at != std::string::npos) line.replace(at, 1, std::to_string(1000 + below(9000)));
    return indent + line;
  }

  std::string changed(const std::string& line) {
    const auto number = line.find_first_of("0123456789");
    if (number != std::string::npos && chance(60)) {
      std::string out = line;
      out.replace(number, 1, std::to_string(10 + below(90)));
      return out;
    }
    const auto word = line.find_first_of("abcdefghijklmnopqrstuvwxyz_");
    if (word == std::string::npos) return new_line(indent_of(line));
    std::string out = line;
    out.insert(word, "new" + std::to_string(below(100)) + "_");
    return out;
  }

  Lines replacement(const Lines& old, const std::string& indent) {
    Lines fresh;
    const auto kind = below(10);
    if (kind == 0 && old.size() > 1) {
      fresh = range(old, 0, old.size() - 1);
    } else if (kind == 1) {
      for (std::size_t i = 0; i <= below(4); ++i) fresh.push_back(new_line(indent));
    } else {
      for (const auto& line : old) {
        fresh.push_back(chance(60) ? changed(line) : line);
        if (chance(15)) fresh.push_back(new_line(indent_of(line)));
      }
    }
    if (fresh == old) fresh.push_back(new_line(indent));
    return fresh;
  }

 private:
  std::mt19937& random_;
};

// ---- how it is written ----

struct Written {
  Lines search, replace;
  bool open = false;  // without the newline at the end
};

void distort(Written& w, Distortion how, Maker& make) {
  const auto both = [&](auto change) {
    for (auto* lines : {&w.search, &w.replace}) {
      for (auto& line : *lines) change(line);
    }
  };
  switch (how) {
    case Distortion::none:
    case Distortion::stale:
      return;
    case Distortion::trailing_space_lost:
      return both([](std::string& line) {
        while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.pop_back();
      });
    case Distortion::trailing_space_added:
      for (auto& line : w.search) {
        if (make.chance(50)) line += std::string(1 + make.below(3), ' ');
      }
      return;
    case Distortion::dedented: {
      std::size_t common = std::string::npos;
      for (const auto* lines : {&w.search, &w.replace}) {
        for (const auto& line : *lines) {
          if (indent_of(line).size() < line.size()) {
            common = std::min(common, indent_of(line).size());
          }
        }
      }
      if (common == std::string::npos) return;
      return both([&](std::string& line) { line.erase(0, std::min(common, line.size())); });
    }
    case Distortion::indented: {
      const std::string more(1 + make.below(8), make.chance(80) ? ' ' : '\t');
      return both([&](std::string& line) {
        if (!line.empty()) line.insert(0, more);
      });
    }
    case Distortion::tabs_for_spaces:
      return both([](std::string& line) {
        const std::size_t width = indent_of(line).size();
        std::string indent;
        for (const char c : line.substr(0, width)) indent += c == '\t' ? "    " : std::string(1, c);
        if (indent.find_first_not_of(' ') == std::string::npos && indent == line.substr(0, width)) {
          indent = std::string(width / 4, '\t') + std::string(width % 4, ' ');
        }
        line = indent + line.substr(width);
      });
    case Distortion::carriage_returns:
      return both([](std::string& line) { line += '\r'; });
    case Distortion::line_numbers: {
      std::size_t number = 10 + make.below(300);
      for (auto& line : w.search) line.insert(0, std::to_string(number++) + "|");
      return;
    }
    case Distortion::typographic_quotes:
      for (auto& line : w.search) {
        for (auto at = line.find('"'); at != std::string::npos; at = line.find('"', at)) {
          line.replace(at, 1, "\xe2\x80\x9c");
        }
      }
      return;
    case Distortion::slip: {
      auto& line = w.search[make.below(w.search.size())];
      if (!line.empty()) line[make.below(line.size())] = static_cast<char>('a' + make.below(26));
      return;
    }
    case Distortion::lost_line:
      if (w.search.size() > 2) {
        w.search.erase(w.search.begin() + 1 +
                       static_cast<std::ptrdiff_t>(make.below(w.search.size() - 2)));
      }
      return;
    case Distortion::elision:
      if (w.search.size() > 2) {
        w.search.erase(w.search.begin() + 1, w.search.end() - 1);
        w.search.insert(w.search.begin() + 1, "    ...");
      }
      return;
    case Distortion::no_final_newline:
      w.open = true;
      return;
  }
}

std::string fence_for(const std::string& text) {
  std::string fence = "```";
  while (text.find(fence) != std::string::npos) fence += '`';
  return fence;
}

bool is_marker(const std::string& line) {
  for (const char* head : {"<<<<<<<", "=======", ">>>>>>>", "*** ", "@@", "```", "--- ", "+++ "}) {
    if (line.rfind(head, 0) == 0) return true;
  }
  return false;
}

// The lines of a hunk: what is the same at both ends is context.
std::string hunk(const Written& w) {
  std::size_t head = 0, tail = 0;
  const auto least = std::min(w.search.size(), w.replace.size());
  while (head < least && w.search[head] == w.replace[head]) ++head;
  while (tail + head < least &&
         w.search[w.search.size() - 1 - tail] == w.replace[w.replace.size() - 1 - tail]) {
    ++tail;
  }
  std::string out;
  for (std::size_t i = 0; i < head; ++i) out += " " + w.search[i] + "\n";
  for (std::size_t i = head; i + tail < w.search.size(); ++i) out += "-" + w.search[i] + "\n";
  for (std::size_t i = head; i + tail < w.replace.size(); ++i) out += "+" + w.replace[i] + "\n";
  for (std::size_t i = w.search.size() - tail; i < w.search.size(); ++i) {
    out += " " + w.search[i] + "\n";
  }
  return out;
}

}  // namespace

EditCase make_edit_case(const std::string& text, std::mt19937& random) {
  Maker make(random);
  EditCase one;
  one.form = static_cast<EditForm>(make.below(8));
  one.distortion = static_cast<Distortion>(make.chance(30) ? 0 : make.below(14));
  Shown now = show(text);

  const std::size_t size = now.lines.size();
  one.first = make.below(size);
  one.old_count = 1 + make.below(std::min<std::size_t>(8, size - one.first));
  const std::size_t above = std::min(one.first, make.below(4));
  const std::size_t under = std::min(size - one.first - one.old_count, make.below(4));
  const Lines old = range(now.lines, one.first, one.old_count);
  const Lines fresh = make.replacement(old, indent_of(old.front()));
  one.new_count = fresh.size();
  Shown after = now;
  after.lines = joined(joined(range(now.lines, 0, one.first), fresh),
                       range(now.lines, one.first + one.old_count, size));
  one.before = text;
  one.intended = bytes_of(after);
  // A last line of nothing cannot be told from a newline at the end.
  const bool nothing_last = !after.closed && !after.lines.empty() && after.lines.back().empty();

  Written w;
  const Lines head = range(now.lines, one.first - above, above);
  const Lines foot = range(now.lines, one.first + one.old_count, under);
  w.search = joined(joined(head, old), foot);
  w.replace = joined(joined(head, fresh), foot);

  if (one.distortion == Distortion::stale) {  // somebody changed a line of the place since
    auto& line = now.lines[one.first + make.below(one.old_count)];
    const std::string was = line;
    while (line == was) line = make.changed(was);
    one.before = bytes_of(now);
    one.intended = one.before;  // nothing but a refusal, or what names another place, is right
  }
  const Lines meant = w.search;
  distort(w, one.distortion, make);

  const std::string plain = glue(now.lines);
  const std::string path = "src/file.xyz";
  Edit edit;
  edit.search = glue(w.search, !w.open);
  edit.replace = glue(w.replace, !w.open);
  // A request may name another place than was meant, exactly: that is not the engine's to know.
  const std::size_t at = one.first - above;
  std::string read_as =
      edit.search;  // the engine takes CRLF for a newline, unless the file has both
  if (one.distortion == Distortion::carriage_returns && plain.find('\r') == std::string::npos) {
    read_as = glue(meant, !w.open);
  }
  const std::size_t exact = count_of(plain, read_as);
  const Lines place = range(now.lines, at, w.search.size());
  const bool here = glue(place).find(read_as) == 0;
  const bool here_loose = bare(place) == bare(w.search);
  one.names_other = exact > 0 ? !here : !here_loose && stands_loosely(now.lines, w.search);
  // Less was copied than was meant, and that is what stands there: an exact request for another
  // change.
  const bool less = one.distortion == Distortion::lost_line ||
                    one.distortion == Distortion::elision || one.distortion == Distortion::slip;
  if (nothing_last) one.names_other = true;
  if (less && w.search != meant && exact > 0) one.names_other = true;

  switch (one.form) {
    case EditForm::search:
      one.edits = {edit};
      break;
    case EditForm::search_all:
      edit.all = true;
      one.edits = {edit};
      one.names_other = one.names_other || exact > 1;
      break;
    case EditForm::search_near:
      // The line that the model saw, give or take one; among equal lines one off is another place.
      edit.near_line = static_cast<int>(at) + 1;
      if (w.search.size() > 1 && at + 1 < now.lines.size() && now.lines[at + 1] != now.lines[at]) {
        edit.near_line += static_cast<int>(make.below(2));
      }
      one.edits = {edit};
      break;
    case EditForm::several: {
      one.edits = {edit};
      // A second change far below, always well written and unique.
      for (std::size_t i = one.first + one.old_count + under + 3; i < now.lines.size(); ++i) {
        const std::string line = now.lines[i] + "\n";
        if (line.size() < 8 || count_of(plain, line) != 1 || count_of(glue(w.replace), line) > 0) {
          continue;
        }
        const std::string to = make.changed(now.lines[i]);
        if (count_of(plain, to) > 0 || to == now.lines[i]) continue;
        one.edits.push_back({line, to + "\n", false, 0});
        after.lines[i - one.old_count + one.new_count] = to;
        if (one.distortion != Distortion::stale) one.intended = bytes_of(after);
        now.lines[i] = to;
        one.second_only = bytes_of(now);
        break;
      }
      if (make.chance(50)) std::reverse(one.edits.begin(), one.edits.end());
      break;
    }
    case EditForm::text_block: {
      const std::string body =
          "<<<<<<< SEARCH\n" + glue(w.search) + "=======\n" + glue(w.replace) + ">>>>>>> REPLACE\n";
      const std::string fence = fence_for(body);
      one.reply = make.chance(70) ? fence + "edit " + path + "\n" + body + fence + "\n"
                                  : path + "\n" + fence + "cpp\n" + body + fence + "\n";
      break;
    }
    case EditForm::begin_patch:
      one.reply = "*** Begin Patch\n*** Update File: " + path + "\n@@ somewhere\n" + hunk(w) +
                  "*** End Patch\n";
      break;
    case EditForm::unified: {
      const std::string body = "--- a/" + path + "\n+++ b/" + path + "\n@@ -" +
                               std::to_string(1 + make.below(500)) + ",7 +1,9 @@\n" + hunk(w);
      const std::string fence = fence_for(body);
      one.reply = fence + "diff\n" + body + fence + "\n";
      break;
    }
    case EditForm::whole: {
      one.distortion = Distortion::none;
      one.before = text;
      one.intended = bytes_of(after);
      one.names_other = nothing_last;
      const std::string body = glue(after.lines);
      const std::string fence = fence_for(body);
      one.reply = make.chance(50) ? fence + "write " + path + "\n" + body + fence + "\n"
                                  : "`" + path + "`\n" + fence + "\n" + body + fence + "\n";
      break;
    }
  }
  const bool patch = one.form == EditForm::begin_patch || one.form == EditForm::unified ||
                     one.form == EditForm::text_block;
  if (patch) {  // the formats' own marks cannot stand in a line
    const auto marked = [](const Lines& lines) {
      return std::any_of(lines.begin(), lines.end(), is_marker);
    };
    if (marked(w.search) || marked(w.replace)) one.names_other = true;
  }
  return one;
}

EditVerdict judge(const EditCase& one, std::string& after, std::string& message) {
  std::vector<Edit> edits = one.edits;
  std::optional<std::string> whole;
  if (!one.reply.empty()) {
    const TextActions actions = parse_text_actions(one.reply, "");
    message = actions.faults.empty() ? "" : actions.faults.front();
    if (actions.actions.size() != 1) return EditVerdict::refused;
    if (const auto* edit = std::get_if<EditFile>(&actions.actions[0])) edits = edit->edits;
    if (const auto* write = std::get_if<WriteFile>(&actions.actions[0])) whole = write->content;
  }
  if (whole) {
    after = write_like(one.before, *whole);
  } else {
    const EditOutcome outcome = apply_edits(one.before, edits, true);
    message = outcome.message;
    if (!outcome.ok) return EditVerdict::refused;
    after = outcome.text;
  }
  if (after == one.before || after == one.second_only) return EditVerdict::already;
  if (after == one.intended) return EditVerdict::applied;
  const Lines lines = cut_lines(after), before = cut_lines(one.before),
              intended = cut_lines(one.intended);
  if (lines.size() != intended.size()) return EditVerdict::elsewhere;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool inside = i >= one.first && i < one.first + one.new_count;
    if (lines[i] == intended[i]) continue;
    if (!inside && !(i < one.first ? i + 8 > one.first : i < one.first + one.new_count + 8)) {
      return EditVerdict::elsewhere;
    }
    if (without_space(lines[i]) != without_space(intended[i])) return EditVerdict::elsewhere;
  }
  return EditVerdict::applied_space;
}

std::vector<std::string> real_files(const std::string& folder, std::size_t most) {
  namespace fs = std::filesystem;
  static const char* const ends[] = {".cpp", ".h",  ".c",   ".py", ".md",   ".toml", ".js",
                                     ".ts",  ".go", ".rs",  ".sh", ".java", ".rb",   ".yaml",
                                     ".css", ".pm", ".tcl", ".el", ".html", ".json", ".txt"};
  std::vector<std::string> paths;
  std::error_code none;
  for (auto it = fs::recursive_directory_iterator(
           folder, fs::directory_options::skip_permission_denied, none);
       it != fs::recursive_directory_iterator(); it.increment(none)) {
    if (none) break;
    const std::string ending = it->path().extension().string();
    const bool known = std::find(std::begin(ends), std::end(ends), ending) != std::end(ends);
    if (known && it->is_regular_file(none) && it->file_size(none) < 400'000) {
      paths.push_back(it->path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> files;
  const std::size_t stride =
      std::max<std::size_t>(1, paths.size() / std::max<std::size_t>(most, 1));
  for (std::size_t i = 0; i < paths.size() && files.size() < most; i += stride) {
    std::ifstream in(paths[i], std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (text.find('\0') == std::string::npos && cut_lines(text).size() >= 4) {
      files.push_back(std::move(text));
    }
  }
  return files;
}

}  // namespace mixagent
