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

// What an attempt left behind, as far as the next one depends on it.
struct Tried {
  std::string outcome;
  std::string failure;  // the failing check and how it failed, without numbers; empty: no check did
};

struct NextMove {
  bool climb = false;
  int rung = 0;
  std::string why;  // of a stop, or of a rung that is left out
};

// After the attempts so far, the last of them on `rung` of 0..top. A rung is left out when two
// models in a row leave the same check failing in the same way; three in a row, or two that give
// up, look unsolvable as ordered: nobody dearer is paid for the same words.
NextMove next_move(const std::vector<Tried>& tried, int rung, int top);

// The command and its output with numbers and white space taken out: equal when nothing changed.
std::string failure_sign(const std::string& command, const std::string& output);

}  // namespace mixagent
