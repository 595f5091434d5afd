#pragma once
// What a run's facts say about money and outcomes, row by row: for the ledger, and for a budget
// that goes on after a crash. The rows add up to the fold (mixagent/run_state.h): costs to `spent`,
// waste to `wasted`; calls of a killed process that nobody resumed come on top, at what they
// reserved. Pure.

#include "mixagent/event.h"
#include "mixagent/run_state.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mixagent {

// One try of a call: answered, or not.
struct CallRow {
  std::string key, step, seat, model, provider, action;
  std::string outcome;  // ok | retried | failed_over | failed | lost (no end was recorded)
  std::string kind;     // why not ok: "rate_limited", "malformed", ...
  int attempt = 0, rung = 0;
  Usage usage;
  Money cost, wasted;
  std::int64_t ms = 0, at_ms = 0;
  bool operator==(const CallRow&) const = default;
};

// One try of a step by one model.
struct AttemptRow {
  std::string step, seat, model, provider, action, difficulty, outcome;  // outcome: empty: none yet
  int attempt = 1, rung = 0;
  bool climbed = false;            // the next rung had to go on
  int edits = 0, edits_bad = 0;    // calls of edit_file, and those that could not be applied
  int wholes = 0, wholes_bad = 0;  // the same of write_file
  Money cost, wasted;
  std::int64_t at_ms = 0;
  bool operator==(const AttemptRow&) const = default;
};

// One step, under the seat and the model that had it last.
struct StepRow {
  std::string step, title, seat, model, provider, action, difficulty, status;
  int attempts = 0;
  Money cost, wasted;
  std::int64_t at_ms = 0;
  bool operator==(const StepRow&) const = default;
};

struct Account {
  RunState state;
  std::vector<CallRow> calls;        // in the order of their ends
  std::vector<AttemptRow> attempts;  // in the order of their beginnings
  std::vector<StepRow> steps;        // in plan order
};

Account account_of(const std::vector<Event>& events);

}  // namespace mixagent
