#include "cli/inspect.h"

#include "journal/reader.h"
#include "system/files.h"
#include "system/folders.h"

#include <algorithm>
#include <utility>

namespace mixagent {

namespace {

bool holds_run(const std::filesystem::path& directory) {
  return file_exists(directory / "events.jsonl");
}

RunPlace place_of(const std::filesystem::path& directory) {
  return {RunId{std::filesystem::weakly_canonical(directory).filename().string()}, directory};
}

// Outside of a repository there is no list to look in but that of everything.
Result<RunPlace> find_anywhere(const std::string& name, const CliContext& context) {
  std::vector<RunPlace> all = list_all_runs(state_folder(context.env));
  const auto other = [&name](const RunPlace& run) { return run.id.text.rfind(name, 0) != 0; };
  all.erase(std::remove_if(all.begin(), all.end(), other), all.end());
  if (all.empty()) {
    return fail(ErrorCode::not_found, name.empty() ? "there is no run yet" : "no such run", name,
                "`mixagent runs --all` lists the runs of every repository");
  }
  if (!name.empty() && all.size() > 1) {
    return fail(ErrorCode::usage, "several runs begin with this", name, "give more of the id");
  }
  return all.front();
}

}  // namespace

Result<RunPlace> locate_run(const std::string& name, const std::filesystem::path& directory,
                            const CliContext& context) {
  // --run-dir may have put it anywhere.
  if (!name.empty() && holds_run(directory / name)) return place_of(directory / name);
  const std::filesystem::path root = find_repository(directory);
  if (root.empty()) return find_anywhere(name, context);
  return find_run(runs_folder(state_folder(context.env), root), name);
}

Result<OpenedRun> open_run(const std::string& name, const std::filesystem::path& directory,
                           const CliContext& context) {
  OpenedRun run;
  MIX_TRY(run.place, locate_run(name, directory, context));
  MIX_TRY(run.events, read_journal(run.place.directory));
  run.state = fold(run.events);
  if (!run.events.empty() && !run.events.front().run.empty()) run.place.id = run.events.front().run;
  return run;
}

}  // namespace mixagent
