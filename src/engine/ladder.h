#pragma once
// Which model tries next. Pure.

#include "mixagent/model.h"
#include "mixagent/plan.h"

#include <string>
#include <vector>

namespace mixagent {

// low: the first rung; medium: the first of tier >= 2; high: the first of tier 3; else the last
// (PROTOCOLS 2).
int first_rung(const Seat& seat, const Lineup& lineup, Difficulty difficulty);

// May an attempt that ended so climb? Checks, gates, malformed, silent, refusal, give_up, loop,
// limits and a review that stands: yes. What the world did wrong (429, network, quota, sandbox):
// never.
bool may_climb(const std::string& outcome);

}  // namespace mixagent
