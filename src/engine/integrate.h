#pragma once
// Brings an accepted step onto the integration head, three-way where others came first.

#include "engine/work.h"

#include <string>

namespace mixagent {

struct Integrated {
  Tree tree;            // the new head, when problem is empty
  std::string problem;  // conflicting paths, or the step's checks that fail on the merged tree
};

Result<Integrated> integrate(RunContext& run, const Step& step, const StepOutcome& outcome,
                             const Tree& head);

}  // namespace mixagent
