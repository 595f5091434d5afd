#pragma once
// Why an isolation could not be set up here, and what to do about it.

#include "mixagent/error.h"
#include "mixagent/sandbox.h"

#include <string_view>

namespace mixagent {

// From what the tools said. Code `sandbox`; the hint always ends with the named alternatives.
Error explain_failure(Isolation isolation, std::string_view said);

}  // namespace mixagent
