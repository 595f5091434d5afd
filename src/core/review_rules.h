#pragma once
// What a review may cause (PROTOCOLS 3). Pure.

#include "mixagent/config.h"
#include "mixagent/review.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace mixagent {

enum class ReviewEffect { accept, revise, escalate, replan };

struct ReviewRound {
  int round = 1;
  std::vector<Finding> open;  // from the round before
  std::map<std::string, std::set<int>>
      changed;  // path -> lines changed since that round (round > 1)
  std::string action = "code";
};

struct ReviewRuling {
  ReviewEffect effect = ReviewEffect::accept;
  std::vector<Finding> open;  // blocking findings that still stand, nits excluded
  std::vector<Finding> nits;
};

// A blocking finding without evidence is a nit. In later rounds only open ids count, and new
// findings only on changed lines. approve >= accept_score accepts; below it revises. revise without
// a blocking finding accepts (there is nothing to revise).
ReviewRuling rule(const Review& review, const ReviewRound& round, const ReviewConfig& config);

}  // namespace mixagent
