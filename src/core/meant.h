#pragma once
// Calls that say one thing in the form of another, as models do that were trained on other tools: a
// patch as a file's content or as a command, a file's content inside a fence. Pure.

#include "core/actions.h"

#include <optional>
#include <vector>

namespace mixagent {

// What the call means, in order; empty when it means what it says.
std::optional<std::vector<Action>> meant_by(const Action& action);

}  // namespace mixagent
