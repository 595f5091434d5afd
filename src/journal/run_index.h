#pragma once
// Where the runs of a repository live, and how a person names one. `state` is system/folders.h's
// state_folder().

#include "mixagent/clock.h"
#include "mixagent/error.h"
#include "mixagent/ids.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

struct RunPlace {
  RunId id;
  std::filesystem::path directory;
  bool operator==(const RunPlace&) const = default;
};

// STATE/<repository>/runs
std::filesystem::path runs_folder(const std::filesystem::path& state,
                                  const std::filesystem::path& root);
// "20261124-151200-k3f9", UTC: names sort by time.
RunId new_run_id(Clock& clock, Random& random);
// Newest first; folders without an events.jsonl are no runs.
std::vector<RunPlace> list_runs(const std::filesystem::path& runs);
// Of every repository, newest first.
std::vector<RunPlace> list_all_runs(const std::filesystem::path& state);
// By a unique beginning of its id, or the newest when `name` is empty. not_found says what there
// is, usage which match.
Result<RunPlace> find_run(const std::filesystem::path& runs, std::string_view name);

}  // namespace mixagent
