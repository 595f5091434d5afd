#pragma once
// Looking at runs: what `runs`, `show` and `diff` share. Nothing here writes, locks or asks for a
// key.

#include "cli/commands.h"
#include "journal/run_index.h"

#include "mixagent/run_state.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mixagent {

struct OpenedRun {
  RunPlace place;
  std::vector<Event> events;
  RunState state;
};

// `name` is a beginning of an id, a run's directory, or empty for the newest. Looks in the
// repository around `directory`; outside of one, among all runs.
Result<RunPlace> locate_run(const std::string& name, const std::filesystem::path& directory,
                            const CliContext& context);
// Reads and folds it.
Result<OpenedRun> open_run(const std::string& name, const std::filesystem::path& directory,
                           const CliContext& context);

}  // namespace mixagent
