#pragma once
// Which lines of a large file a step is about. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

struct LineRange {
  std::size_t first = 0, last = 0;  // 0-based, both inside
  bool operator==(const LineRange&) const = default;
};

// The blocks (functions, classes, sections) around the lines that hold what `wanted` names or says,
// best first as far as the budget goes, given in the order of the file. Whole where all fits; the
// head of the file where nothing is named.
std::vector<LineRange> relevant_ranges(const std::vector<std::string>& lines,
                                       const std::string& wanted, std::int64_t budget);

// "12|text" as read_file shows it, "..." for gaps.
std::string show_ranges(const std::vector<std::string>& lines,
                        const std::vector<LineRange>& ranges);

}  // namespace mixagent
