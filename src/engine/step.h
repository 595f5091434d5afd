#pragma once
// One step from its first attempt to its last: the ladder. Blocks; runs in a thread of its own.

#include "engine/work.h"

namespace mixagent {

// Never fails: what the world did wrong is in StepOutcome::error.
StepOutcome run_step(RunContext& run, StepJob job);

}  // namespace mixagent
