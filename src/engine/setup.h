#pragma once
// [verify] setup: what makes a copy of the repository able to run its checks (npm ci, a virtual
// environment). In the sandbox, with the network as far as the user's sandbox.allow_hosts goes.

#include "mixagent/tools.h"

#include <filesystem>
#include <string>

namespace mixagent {

// Before a workspace of `tree` is opened: once for each state of the setup inputs, else at once. A
// command that fails is told in the journal and ends the setup; whether the checks can live with
// that, they will say. The value: the line by which a command said that it missed the network; else
// empty. Thread-safe; blocks.
Result<std::string> set_up(Tools& tools, const Tree& tree, const std::filesystem::path& mounted_at,
                           const std::string& step);

}  // namespace mixagent
