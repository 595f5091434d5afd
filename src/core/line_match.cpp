#include "core/line_match.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>

namespace mixagent {

namespace {

constexpr std::size_t max_comparisons = 2'000'000;  // lines of the file times lines of the piece
constexpr std::size_t max_piece_lines = 40;         // enough to recognise a place
constexpr double alike_enough = 0.6;                // one line: a slip or a line number apart

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

bool is_blank(std::string_view line) {
  return std::all_of(line.begin(), line.end(), is_space);
}

std::string_view indent_of(std::string_view line) {
  std::size_t end = 0;
  while (end < line.size() && is_space(line[end])) ++end;
  return line.substr(0, end);
}

// ---- indentation ----

using Indents = std::map<std::string, std::string>;  // as the piece has it -> as the file has it

std::size_t width_of(std::string_view indent, std::size_t tab) {
  std::size_t width = 0;
  for (const char c : indent) width += c == '\t' ? tab - width % tab : 1;
  return width;
}

bool only_tabs_differ(const Indents& indents) {
  for (const std::size_t tab : {std::size_t{4}, std::size_t{8}, std::size_t{2}}) {
    if (std::all_of(indents.begin(), indents.end(), [&](const auto& pair) {
          return width_of(pair.first, tab) == width_of(pair.second, tab);
        })) {
      return true;
    }
  }
  return false;
}

// Empty when one indentation of the piece stands for two in the file, or two for one, or only some
// differ: then the piece has another structure, and its brackets close something else.
std::optional<Indents> indents_of(const std::vector<std::string>& piece,
                                  const std::vector<std::string>& matched) {
  Indents indents;
  for (std::size_t i = 0; i < piece.size(); ++i) {
    if (is_blank(piece[i])) continue;
    const std::string theirs(indent_of(matched[i]));
    const auto [at, fresh] = indents.emplace(std::string(indent_of(piece[i])), theirs);
    if (!fresh && at->second != theirs) return std::nullopt;
  }
  std::set<std::string> different;
  bool kept = false, moved = false;
  for (const auto& [ours, theirs] : indents) {
    if (!different.insert(theirs).second) return std::nullopt;
    kept = kept || (!ours.empty() && ours == theirs);
    moved = moved || ours != theirs;
  }
  if (kept && moved && !only_tabs_differ(indents)) return std::nullopt;
  return indents;
}

// The prefix that every line of the file has more than the piece; empty string for none.
std::optional<std::string> common_extra(const Indents& indents, bool file_has_more) {
  std::optional<std::string> extra;
  for (const auto& [ours, theirs] : indents) {
    const auto& longer = file_has_more ? theirs : ours;
    const auto& shorter = file_has_more ? ours : theirs;
    if (longer.size() < shorter.size()) return std::nullopt;
    const std::string head = longer.substr(0, longer.size() - shorter.size());
    if (head + shorter != longer || (extra && *extra != head)) return std::nullopt;
    extra = head;
  }
  return extra;
}

// Two spaces for four: shifted by two, or half as wide? One pair of them cannot tell.
bool could_be_scaled(const Indents& indents) {
  if (indents.size() != 1) return false;
  const auto& [ours, theirs] = *indents.begin();
  const auto narrow = std::min(ours.size(), theirs.size());
  const auto wide = std::max(ours.size(), theirs.size());
  return narrow > 0 && narrow != wide && wide % narrow == 0;
}

// By known indentations, the longest first; what is left over is translated in turn.
std::optional<std::string> translate(std::string_view indent, const Indents& indents) {
  std::string out;
  while (!indent.empty()) {
    const Indents::value_type* best = nullptr;
    for (const auto& pair : indents) {
      if (!pair.first.empty() && indent.starts_with(pair.first) &&
          (best == nullptr || pair.first.size() > best->first.size())) {
        best = &pair;
      }
    }
    if (best == nullptr) return std::nullopt;
    out += best->second;
    indent.remove_prefix(best->first.size());
  }
  return out;
}

// ---- similarity ----

std::vector<std::uint16_t> pairs_of(std::string_view text) {
  std::vector<std::uint16_t> pairs;
  for (std::size_t i = 0; i + 1 < text.size() && i < 400; ++i) {
    pairs.push_back(static_cast<std::uint16_t>(static_cast<unsigned char>(text[i]) << 8 |
                                               static_cast<unsigned char>(text[i + 1])));
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

struct Shape {
  std::string text;  // squeezed
  std::vector<std::uint16_t> pairs;
};

Shape shape_of(std::string_view line) {
  Shape shape;
  shape.text = squeeze(line);
  shape.pairs = pairs_of(shape.text);
  return shape;
}

// Dice's coefficient over pairs of characters.
double alike(const Shape& a, const Shape& b) {
  if (a.text == b.text) return 1;
  const auto total = a.pairs.size() + b.pairs.size();
  if (a.pairs.empty() || b.pairs.empty()) return 0;
  std::size_t common = 0;
  for (auto left = a.pairs.begin(), right = b.pairs.begin();
       left != a.pairs.end() && right != b.pairs.end();) {
    if (*left < *right) {
      ++left;
    } else if (*right < *left) {
      ++right;
    } else {
      ++common, ++left, ++right;
    }
  }
  return 2.0 * static_cast<double>(common) / static_cast<double>(total);
}

// Taking lines away at an end leaves what stood there before: that it stands there shows nothing.
bool only_takes_an_end(const std::vector<std::string>& piece,
                       const std::vector<std::string>& left) {
  if (left.size() >= piece.size()) return false;
  const auto same = [](const std::string& a, const std::string& b) {
    return alike(shape_of(a), shape_of(b)) > alike_enough;
  };
  return std::equal(left.begin(), left.end(), piece.begin(), same) ||
         std::equal(left.rbegin(), left.rend(), piece.rbegin(), same);
}

void take_out(std::vector<std::string>& lines, const std::string& line) {
  const auto same = std::find_if(lines.begin(), lines.end(), [&](const std::string& one) {
    return squeeze(one) == squeeze(line);
  });
  if (same != lines.end()) lines.erase(same);
}

std::vector<Shape> shapes_of(const std::vector<std::string>& lines, std::size_t count) {
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < count; ++i) shapes.push_back(shape_of(lines[i]));
  return shapes;
}

}  // namespace

std::string squeeze(std::string_view line) {
  std::string out;
  for (const char c : line) {
    if (!is_space(c)) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::vector<std::size_t> loose_matches(const std::vector<std::string>& lines,
                                       const std::vector<std::string>& piece) {
  std::vector<std::size_t> found;
  if (piece.size() > lines.size() || std::all_of(piece.begin(), piece.end(), is_blank))
    return found;
  std::vector<std::string> squeezed;
  std::vector<std::string> wanted;
  std::transform(lines.begin(), lines.end(), std::back_inserter(squeezed), squeeze);
  std::transform(piece.begin(), piece.end(), std::back_inserter(wanted), squeeze);
  for (std::size_t at = 0; at + wanted.size() <= squeezed.size(); ++at) {
    if (std::equal(wanted.begin(), wanted.end(),
                   squeezed.begin() + static_cast<std::ptrdiff_t>(at))) {
      found.push_back(at);
    }
  }
  return found;
}

std::optional<std::vector<std::string>> reindent(const std::vector<std::string>& piece,
                                                 const std::vector<std::string>& matched,
                                                 std::vector<std::string> replacement) {
  const auto indents = indents_of(piece, matched);
  if (!indents) return std::nullopt;
  const auto added = common_extra(*indents, true);
  const auto removed = common_extra(*indents, false);
  for (auto& line : replacement) {
    if (is_blank(line)) continue;
    const std::string indent(indent_of(line));
    const auto known = indents->find(indent);
    std::optional<std::string> translated;
    if (known != indents->end()) {
      translated = known->second;
    } else if (could_be_scaled(*indents)) {
      return std::nullopt;
    } else if (added) {
      translated = *added + indent;
    } else if (removed && indent.starts_with(*removed)) {
      translated = indent.substr(removed->size());
    } else if (!removed && (indents->count("") == 0 || indents->at("").empty())) {
      translated = translate(indent, *indents);
    }
    if (!translated) return std::nullopt;
    line = *translated + line.substr(indent.size());
  }
  return replacement;
}

double line_similarity(std::string_view a, std::string_view b) {
  return alike(shape_of(a), shape_of(b));
}

std::optional<Nearest> nearest_window(const std::vector<std::string>& lines,
                                      const std::vector<std::string>& piece) {
  const auto height = std::min({piece.size(), lines.size(), max_piece_lines});
  if (height == 0 || lines.size() * height > max_comparisons) return std::nullopt;
  const auto file = shapes_of(lines, lines.size());
  const auto wanted = shapes_of(piece, height);
  Nearest best;
  for (std::size_t at = 0; at + height <= file.size(); ++at) {
    double sum = 0;
    double weight = 0;
    for (std::size_t i = 0; i < height; ++i) {
      // Blank lines and lone braces say little about the place.
      const double counts = wanted[i].text.size() < 3 ? 0.1 : 1;
      sum += counts * alike(wanted[i], file[at + i]);
      weight += counts;
    }
    if (sum / weight > best.similarity) best = {at, sum / weight};
  }
  return best;
}

bool still_to_do(const std::vector<std::string>& lines, const std::vector<std::string>& piece,
                 const std::vector<std::string>& replacement,
                 const std::optional<Nearest>& nearest) {
  if (only_takes_an_end(piece, replacement)) return true;
  if (!nearest || nearest->similarity < recognisable) return false;
  const auto end = std::min(nearest->line + piece.size(), lines.size());
  std::vector<std::string> rest(lines.begin() + static_cast<std::ptrdiff_t>(nearest->line),
                                lines.begin() + static_cast<std::ptrdiff_t>(end));
  std::vector<std::string> removed = piece;
  for (const auto& line : replacement) {
    take_out(rest, line);
    take_out(removed, line);
  }
  return std::any_of(removed.begin(), removed.end(), [&](const std::string& line) {
    return squeeze(line).size() > 2 &&
           std::any_of(rest.begin(), rest.end(), [&](const std::string& other) {
             return line_similarity(line, other) > alike_enough;
           });
  });
}

}  // namespace mixagent
