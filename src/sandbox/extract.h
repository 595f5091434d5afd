#pragma once
// mixagent-init out of this program into a file that can be executed and mounted.

#include "mixagent/error.h"

#include <filesystem>
#include <string>

namespace mixagent {

// Its path below `cache`; written once, and checked by its hash each time.
Result<std::string> extract_init(const std::filesystem::path& cache);

}  // namespace mixagent
