#pragma once
// Finding a piece of text in a file line by line: up to white space, or the place that is most like
// it. Pure. Line numbers are 0-based here.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

// A piece is compared by whole lines: leading, trailing and repeated white space does not count.
std::string squeeze(std::string_view line);

// First lines of every place where `piece` stands up to white space. Nothing when the piece is
// blank.
std::vector<std::size_t> loose_matches(const std::vector<std::string>& lines,
                                       const std::vector<std::string>& piece);

// The replacement in the indentation of the lines that the piece matched. Empty when the
// indentation differs in a way that cannot be carried over (the model has to copy the lines as they
// are).
std::optional<std::vector<std::string>> reindent(const std::vector<std::string>& piece,
                                                 const std::vector<std::string>& matched,
                                                 std::vector<std::string> replacement);

// 0 to 1; 1 for lines that are equal up to white space.
double line_similarity(std::string_view a, std::string_view b);

struct Nearest {
  std::size_t line = 0;
  double similarity = 0;  // mean over the piece's lines
};
// The window of as many lines as the piece has that is most like it; empty for files too long to
// search.
std::optional<Nearest> nearest_window(const std::vector<std::string>& lines,
                                      const std::vector<std::string>& piece);

constexpr double recognisable = 0.4;  // below: showing the nearest lines would mislead

// Whether an edit whose replacement stands in the file is nevertheless not made yet: what it takes
// away still stands there, and only its search was badly copied.
bool still_to_do(const std::vector<std::string>& lines, const std::vector<std::string>& piece,
                 const std::vector<std::string>& replacement,
                 const std::optional<Nearest>& nearest);

}  // namespace mixagent
