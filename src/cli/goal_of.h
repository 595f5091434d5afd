#pragma once
// The goal as the command line and the configuration state it together.

#include "cli/cmd_run.h"

#include "mixagent/goal.h"
#include "mixagent/process.h"

namespace mixagent {

// Reads the goal's text (argument, -f FILE, standard input for "-", the plan's own), a given plan,
// and settles checks, lane and what verification is asked. Error usage for what is missing or
// cannot be read.
Result<Goal> goal_of(const RunOptions& options, const Config& config,
                     const std::filesystem::path& root, const CliContext& context,
                     Processes& processes);

// What can be said of the flags alone, before anything is read or looked up.
Result<void> check_flags(const RunOptions& options);

// What `resume` may change of a recorded goal: delivery and what counts as reached.
Result<void> override_goal(const RunOptions& options, const CliContext& context, Goal& goal);

// "90", "90s", "30m", "2h" in seconds.
Result<std::int64_t> parse_duration(const std::string& text);

}  // namespace mixagent
