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
  bool proven = false;  // a check failed before and passes now
};

struct ReviewRuling {
  ReviewEffect effect = ReviewEffect::accept;
  std::vector<Finding> open;  // blocking findings that still stand, nits excluded
  std::vector<Finding> nits;
};

// A blocking finding without evidence is a nit. In later rounds only open ids count, and new
// findings only on changed lines. approve >= accept_score accepts; below it revises. revise without
// a blocking finding accepts (there is nothing to revise). accept_score = "adaptive" asks for less
// where a check proves the change and for more where only the review speaks for it.
ReviewRuling rule(const Review& review, const ReviewRound& round, const ReviewConfig& config);

}  // namespace mixagent
