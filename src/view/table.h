#pragma once
// Aligned columns for people. Cells may hold anything: they are escaped here, measured in terminal
// columns (wide and combining characters included) and cut with an ellipsis where they do not fit.
// Pure.

#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
  bool shrinks = false;  // gives way when the table is wider than the screen
};

using Row = std::vector<std::string>;

struct TableLayout {
  int width = 100;  // columns of the screen
  int indent = 2;
  bool color = false;  // the heading is dimmed
};

// Heading (left out when every title is empty) and rows, each ended by a newline, without trailing
// blanks. Empty without rows. Rows may be shorter than `columns`.
std::string render_table(const std::vector<Column>& columns, const std::vector<Row>& rows,
                         const TableLayout& layout);

// Terminal columns that UTF-8 text takes.
int display_width(std::string_view text);
// At most `columns` wide, "…" at the end when cut.
std::string clip_width(std::string_view text, int columns);
// Lines of at most `columns`, broken at blanks; a word that is longer stays whole.
std::vector<std::string> wrap_words(std::string_view text, int columns);

}  // namespace mixagent
