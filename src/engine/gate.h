#pragma once
// Who starts, for --lane auto: the cheap worker alone (planning after trial) or the planner. Pure.

#include "mixagent/goal.h"
#include "mixagent/result.h"

#include <string>
#include <vector>

namespace mixagent {

struct GateRuling {
  bool solo = false;
  std::string reason;
};

// A goal with a check that fails now, and no sign of several parts, goes solo; everything else is
// the planner's decision.
GateRuling choose_lane(const Goal& goal, const std::vector<CheckRecord>& baseline);

// A check that fails on the base and that the goal must turn green.
bool is_target(const CheckRecord& check, const std::string& goal);
bool has_several_parts(const std::string& goal);

}  // namespace mixagent
