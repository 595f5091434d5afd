#pragma once
// A small fast model looks around before the planner is paid: which files and commands matter.

#include "engine/work.h"

#include <string>

namespace mixagent {

// Its brief as text for the planner; empty when nobody sits there, or nothing came of it (which the
// journal then says). Error: only money, cancellation, our own disk.
Result<std::string> scout(RunContext& run, const std::string& key, const std::string& goal,
                          const Tree& tree, const std::string& files);

}  // namespace mixagent
