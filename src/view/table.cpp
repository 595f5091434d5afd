#include "view/table.h"

#include "base/text.h"
#include "view/paint.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace mixagent {

namespace {

constexpr int gap = 2;
constexpr int least_shrunk = 8;

struct Range {
  char32_t first, last;
};

// Marks that sit on the character before them (the common blocks).
constexpr std::array<Range, 10> zero_width = {{{0x0300, 0x036F},
                                               {0x0483, 0x0489},
                                               {0x0591, 0x05BD},
                                               {0x0610, 0x061A},
                                               {0x064B, 0x065F},
                                               {0x200B, 0x200F},
                                               {0x20D0, 0x20FF},
                                               {0xFE00, 0xFE0F},
                                               {0xFE20, 0xFE2F},
                                               {0xE0100, 0xE01EF}}};

// East Asian wide and emoji.
constexpr std::array<Range, 12> double_width = {{{0x1100, 0x115F},
                                                 {0x2E80, 0x303E},
                                                 {0x3041, 0x33FF},
                                                 {0x3400, 0x4DBF},
                                                 {0x4E00, 0x9FFF},
                                                 {0xA000, 0xA4CF},
                                                 {0xAC00, 0xD7A3},
                                                 {0xF900, 0xFAFF},
                                                 {0xFE30, 0xFE6F},
                                                 {0xFF00, 0xFF60},
                                                 {0x1F300, 0x1FAFF},
                                                 {0x20000, 0x3FFFD}}};

template <std::size_t N>
bool inside(char32_t code, const std::array<Range, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](Range range) { return code >= range.first && code <= range.last; });
}

int width_of(char32_t code) {
  if (code < 0x300) return 1;
  if (inside(code, zero_width)) return 0;
  return inside(code, double_width) ? 2 : 1;
}

// One character from valid UTF-8; an invalid byte counts as one character.
struct Character {
  std::size_t bytes = 1;
  int width = 1;
};

Character next_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  std::size_t bytes = 1;
  char32_t code = lead;
  if (lead >= 0xF0) {
    bytes = 4;
    code = lead & 0x07u;
  } else if (lead >= 0xE0) {
    bytes = 3;
    code = lead & 0x0Fu;
  } else if (lead >= 0xC0) {
    bytes = 2;
    code = lead & 0x1Fu;
  }
  if (bytes > text.size()) return {};
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0u) != 0x80u) return {};
    code = (code << 6) | (next & 0x3Fu);
  }
  return {bytes, width_of(code)};
}

std::string pad(const std::string& cell, int width, Align align) {
  const int missing = width - display_width(cell);
  const std::string blanks(static_cast<std::size_t>(std::max(missing, 0)), ' ');
  return align == Align::right ? blanks + cell : cell + blanks;
}

std::vector<int> measure(const std::vector<Column>& columns, const std::vector<Row>& rows) {
  std::vector<int> widths;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    int width = display_width(columns[c].title);
    for (const Row& row : rows) {
      if (c < row.size()) width = std::max(width, display_width(row[c]));
    }
    widths.push_back(width);
  }
  return widths;
}

// Takes from the widest column that may shrink until the table fits.
void shrink(std::vector<int>& widths, const std::vector<Column>& columns,
            const TableLayout& layout) {
  int total = layout.indent + gap * (static_cast<int>(widths.size()) - 1);
  for (const int width : widths) total += width;
  while (total > layout.width) {
    std::size_t widest = columns.size();
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (!columns[c].shrinks || widths[c] <= least_shrunk) continue;
      if (widest == columns.size() || widths[c] > widths[widest]) widest = c;
    }
    if (widest == columns.size()) return;
    --widths[widest];
    --total;
  }
}

std::string render_row(const std::vector<Column>& columns, const Row& row,
                       const std::vector<int>& widths, int indent) {
  std::string line(static_cast<std::size_t>(indent), ' ');
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (c > 0) line.append(gap, ' ');
    const std::string cell = c < row.size() ? row[c] : "";
    line += pad(clip_width(cell, widths[c]), widths[c], columns[c].align);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Character character = next_character(text);
    width += character.width;
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string clip_width(std::string_view text, int columns) {
  if (display_width(text) <= columns) return std::string(text);
  std::string cut;
  int width = 0;
  while (!text.empty()) {
    const Character character = next_character(text);
    if (width + character.width > columns - 1) break;
    cut += text.substr(0, character.bytes);
    width += character.width;
    text.remove_prefix(character.bytes);
  }
  return columns > 0 ? cut + "…" : "";
}

std::vector<std::string> wrap_words(std::string_view text, int columns) {
  std::vector<std::string> lines;
  for (const std::string& paragraph : split_lines(text)) {
    std::string line;
    for (const std::string& word : split(paragraph, ' ')) {
      if (word.empty()) continue;
      if (!line.empty() && display_width(line) + 1 + display_width(word) > columns) {
        lines.push_back(line);
        line.clear();
      }
      line += (line.empty() ? "" : " ") + word;
    }
    lines.push_back(line);
  }
  return lines;
}

std::string render_table(const std::vector<Column>& columns, const std::vector<Row>& rows,
                         const TableLayout& layout) {
  if (rows.empty()) return "";
  std::vector<Row> safe;
  for (const Row& row : rows) {
    Row cells;
    for (const std::string& cell : row) cells.push_back(escape_terminal_line(cell));
    safe.push_back(std::move(cells));
  }
  std::vector<int> widths = measure(columns, safe);
  shrink(widths, columns, layout);

  std::string out;
  Row titles;
  for (const Column& column : columns) titles.push_back(column.title);
  const std::string heading = render_row(columns, titles, widths, layout.indent);
  if (!trim(heading).empty()) out += Paint{layout.color}.dim(heading) + "\n";
  for (const Row& row : safe) out += render_row(columns, row, widths, layout.indent) + "\n";
  return out;
}

}  // namespace mixagent
