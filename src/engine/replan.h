#pragma once
// What the planner is told when it plans again.

#include "engine/dispatch.h"

#include "mixagent/tools.h"

#include <string>
#include <vector>

namespace mixagent {

// Failed steps with their reasons; commands that fail on the result, with what they printed.
std::string what_failed(Tools& tools, const Dispatched& done,
                        const std::vector<std::string>& commands);
std::string what_stays(const Dispatched& done);  // accepted steps, a line each

}  // namespace mixagent
