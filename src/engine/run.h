#pragma once
// One run, from goal to result: the straight line of DESIGN section 2.

#include "mixagent/goal.h"
#include "mixagent/result.h"
#include "mixagent/tools.h"

namespace mixagent {

// Never throws, never fails without a result: whatever goes wrong is in it. The run.completed fact
// is appended when the journal still takes it. Blocks; cancel through tools.cancel.
RunResult run(const Goal& goal, Tools& tools);

}  // namespace mixagent
