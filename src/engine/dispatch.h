#pragma once
// Works off a plan: starts every step that is ready while threads allow, waits for one to end,
// integrates what was accepted in the order in which it came, batch by batch. The main thread
// decides; each step has a thread of its own.

#include "engine/work.h"

#include <string>
#include <vector>

namespace mixagent {

struct Dispatched {
  std::vector<StepOutcome> outcomes;  // in the order in which they ended; without their trees
  Tree head;                          // base plus every accepted change
  std::vector<CheckRecord> checks;    // of accepted steps, on the trees they ran on
  std::vector<Finding> open;          // of accepted steps: what their reviews still find
  bool all_accepted = true;
  std::optional<Error> error;  // the first of the world's
  bool recut = false;          // the planner was asked about a step that failed
  std::string question;        // the planner's, about such a step
  std::string blocked;         // "step: what to do": the sandbox denied it a dependency
};

struct DispatchOptions {
  int revision = 1;          // of the plan: part of every recorded effect's key
  std::string notes;         // for a solo worker
  bool later_rung = false;   // start every step one rung higher
  bool recut = true;         // a step may be cut anew at its ladder's end
  bool tests_first = false;  // tests for the goal before the work on it: one rung, must fail
};

// Blocks until no step is running.
Dispatched dispatch(RunContext& run, const Plan& plan, const Tree& head,
                    const DispatchOptions& options);

}  // namespace mixagent
