#pragma once
// Conflicting hunks of two steps before a model: one call, paid by the later step.

#include "engine/work.h"

#include <string>

namespace mixagent {

struct Conflict {
  const Step& step;
  const StepOutcome& outcome;  // of `step`
  const Tree& head;
  const Merge& merge;  // of outcome.tree into head, with conflicts
  std::string others;  // what the steps that came first were to do
  std::string key;
};

struct Reconciled {
  Tree tree;            // when problem is empty
  std::string problem;  // nobody could be asked, or the answer cannot be used
};

// Only the conflicting places change. The result has passed the hard gates, no check. An Error only
// for cancellation, money or our own disk.
Result<Reconciled> reconcile(RunContext& run, const Conflict& conflict);

}  // namespace mixagent
