#pragma once
// Figures of one ranking of one task, and what many of them say together.

#include "context/rank.h"

#include <array>
#include <set>
#include <string>
#include <vector>

namespace mixagent {

constexpr std::array<const char*, 12> figure_names = {
    "recall@1", "recall@3", "recall@5", "recall@10", "MRR",      "1k named",
    "1k shown", "4k named", "4k shown", "8k named",  "8k shown", "2 turns"};
using Figures = std::array<double, figure_names.size()>;

// One ranking, and as a map of so many tokens: `named` are files whose path stands in it, `shown`
// those with a definition below (or that define nothing). `2 turns`: of what a planner has read
// that reads the three best files, then, with these in hand, three that they lead to and two more
// of the list.
Figures figures_of(const Index& index, const std::vector<RankedFile>& ranking,
                   const std::set<std::string>& gold, const std::string& query);

Figures mean_of(const std::vector<Figures>& all);

struct Interval {
  double gain = 0, low = 0, high = 0;  // 95 %
};
// Of the mean of paired differences, by drawing whole groups (repositories) again.
Interval bootstrap(const std::vector<double>& differences, const std::vector<std::string>& groups);

}  // namespace mixagent
