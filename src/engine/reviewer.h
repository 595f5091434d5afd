#pragma once
// The reviewer's conversation about one diff, and what may follow from it.

#include "core/review_rules.h"
#include "engine/work.h"

#include <set>
#include <string>
#include <vector>

namespace mixagent {

struct ReviewRequest {
  std::string key;             // "step:s1/attempt:2/review:1" or "final/review:1"
  const Step* step = nullptr;  // null: the whole diff
  std::string goal;
  Tree before, after;
  std::vector<CheckRecord> checks;  // as mixagent obtained them
  std::string noted = {};           // what else it should look at, a line each
  std::set<std::string> worker_families;
  ReviewRound round;
  Pot pot;
};

struct Reviewed {
  bool happened = false;  // false: no reviewer, or it could not be reached; `note` says why
  ReviewRuling ruling;
  Review review;
  std::string note;
};

// An Error only for money, cancellation or our own disk; an unreachable or babbling reviewer is a
// note.
Result<Reviewed> review_diff(RunContext& run, const ReviewRequest& request);

// What the next round may look at: lines of `after` that differ from `before`, by path.
std::map<std::string, std::set<int>> changed_lines(Workspaces& workspaces, const Tree& before,
                                                   const Tree& after);

}  // namespace mixagent
