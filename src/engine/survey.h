#pragma once
// What is there before anybody is paid: what is asked for, the snapshot, and the goal's
// checks on it.

#include "engine/work.h"

#include <vector>

namespace mixagent {

// The first fact of a run.
RunStarted what_starts(const Goal& goal, const Config& config);

Result<Snapshot> take_snapshot(Tools& tools);

// The goal's checks on the base. A check that fails is repeated: steady or flaky. Error need_input:
// a check that the user named cannot run at all; said at once, with the remedy.
Result<std::vector<CheckRecord>> baseline(Tools& tools, const Goal& goal, const Snapshot& snapshot);

}  // namespace mixagent
