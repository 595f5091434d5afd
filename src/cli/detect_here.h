#pragma once
// Build and test commands of the repository on this machine.

#include "config/detect.h"

#include "mixagent/process.h"

#include <filesystem>
#include <map>
#include <string>

namespace mixagent {

// Reads the files that git lists and looks for runners in PATH. A repository that cannot be listed
// has none.
Detected detect_here(const std::filesystem::path& root,
                     const std::map<std::string, std::string>& env, Processes& processes);

}  // namespace mixagent
