#pragma once
// The command line: the only home of CLI11.

#include "cli/commands.h"

#include <functional>
#include <string>

namespace mixagent {

// Parses and carries out; returns the exit status. Usage errors go to the context's error stream
// with status 2.
int run_command_line(int argc, const char* const* argv, CliContext& context);

}  // namespace mixagent
