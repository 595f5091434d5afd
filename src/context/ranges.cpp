#include "context/ranges.h"

#include "base/text.h"
#include "context/words.h"

#include <algorithm>
#include <set>

namespace mixagent {

namespace {

constexpr std::size_t most_block = 60;     // lines of a block shown around a hit
constexpr std::size_t most_header = 20;    // imports and the like, at the start
constexpr std::size_t close_together = 4;  // a gap so small is shown instead of "..."
constexpr std::size_t most_line = 240;

std::size_t indent_of(const std::string& line) {
  const auto at = line.find_first_not_of(" \t");
  return at == std::string::npos ? std::string::npos : at;
}

bool closes(const std::string& line) {
  const auto text = trim(line);
  return text.empty() || std::string_view("})]>").find(text.front()) != std::string_view::npos ||
         text == "end";
}

// From the line that opens the block a line stands in to the line that ends it, by indentation.
LineRange block_around(const std::vector<std::string>& lines, std::size_t at) {
  std::size_t depth = indent_of(lines[at]);
  std::size_t first = at;
  if (depth != std::string::npos && depth > 0) {
    while (first > 0 && at - first < most_block) {
      const std::size_t here = indent_of(lines[first - 1]);
      --first;
      if (here != std::string::npos && here < depth) {
        depth = here;
        if (depth == 0) break;
        // A line at the margin of a class is far away: one level out is enough.
        if (at - first > 3) break;
      }
    }
  }
  const std::size_t margin = indent_of(lines[first]);
  std::size_t last = at;
  while (last + 1 < lines.size() && last - first < most_block) {
    const std::size_t here = indent_of(lines[last + 1]);
    const bool outside = here != std::string::npos && margin != std::string::npos && here <= margin;
    if (outside && last + 1 > first) {
      if (here == margin && closes(lines[last + 1])) ++last;
      break;
    }
    ++last;
  }
  while (last > at && trim(lines[last]).empty()) --last;
  return {first, last};
}

int worth_of(const std::string& line, const GoalWords& goal) {
  int worth = 0;
  for (const std::string& name : goal.identifiers) {
    // Qualified names stand in code by their last part.
    const auto cut = name.find_last_of(".:/");
    const std::string last = cut == std::string::npos ? name : name.substr(cut + 1);
    if (line.find(name) != std::string::npos)
      worth += 8;
    else if (last.size() > 3 && line.find(last) != std::string::npos)
      worth += 5;
  }
  std::set<std::string> hits;
  for (const std::string& word : words_of(line)) {
    if (std::find(goal.words.begin(), goal.words.end(), word) != goal.words.end())
      hits.insert(word);
  }
  const int words = static_cast<int>(hits.size());
  return worth + (words > 1 ? 2 * words : words);
}

std::int64_t cost_of(const std::vector<std::string>& lines, const LineRange& range,
                     const std::set<std::size_t>& shown) {
  std::int64_t bytes = 4;
  for (std::size_t i = range.first; i <= range.last; ++i) {
    if (shown.count(i) == 0)
      bytes += static_cast<std::int64_t>(std::min(lines[i].size(), most_line)) + 6;
  }
  return (bytes + 3) / 4;
}

}  // namespace

std::vector<LineRange> relevant_ranges(const std::vector<std::string>& lines,
                                       const std::string& wanted, std::int64_t budget) {
  struct Hit {
    std::size_t line;
    int worth;
  };
  const GoalWords goal = goal_words(wanted);
  std::vector<Hit> hits;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const int worth = worth_of(lines[i], goal);
    if (worth > 1) hits.push_back({i, worth});
  }
  std::stable_sort(hits.begin(), hits.end(),
                   [](const Hit& a, const Hit& b) { return a.worth > b.worth; });

  std::set<std::size_t> shown;
  const auto show = [&](LineRange range) {
    const std::int64_t cost = cost_of(lines, range, shown);
    if (cost > budget) return false;
    budget -= cost;
    for (std::size_t i = range.first; i <= range.last; ++i) shown.insert(i);
    return true;
  };
  if (!hits.empty() && lines.size() > most_header) show({0, most_header - 1});
  for (const Hit& hit : hits) {
    if (shown.count(hit.line) != 0) continue;
    const LineRange block = block_around(lines, hit.line);
    if (show(block)) continue;
    const LineRange near = {hit.line > 5 ? hit.line - 5 : 0,
                            std::min(hit.line + 5, lines.size() - 1)};
    if (!show(near)) break;
  }
  if (hits.empty()) {
    for (std::size_t i = 0; i < lines.size() && show({i, i}); ++i) {
    }
  }
  std::vector<LineRange> ranges;
  for (const std::size_t line : shown) {
    if (!ranges.empty() && line <= ranges.back().last + close_together)
      ranges.back().last = line;
    else
      ranges.push_back({line, line});
  }
  return ranges;
}

std::string show_ranges(const std::vector<std::string>& lines,
                        const std::vector<LineRange>& ranges) {
  std::string text;
  std::size_t next = 0;
  for (const LineRange& range : ranges) {
    if (range.first != next) text += "...\n";
    for (std::size_t i = range.first; i <= range.last; ++i)
      text += std::to_string(i + 1) + "|" + clip(lines[i], most_line) + "\n";
    next = range.last + 1;
  }
  if (!ranges.empty() && next < lines.size()) text += "...\n";
  return text;
}

}  // namespace mixagent
