#include "base/json.h"
#include "cli/inspect.h"
#include "core/codecs.h"
#include "journal/reader.h"
#include "system/folders.h"
#include "system/terminal.h"
#include "view/show.h"

#include <algorithm>
#include <optional>
#include <ostream>

namespace mixagent {

namespace {

struct ListedRun {
  RunPlace place;
  std::optional<RunState> state;
  std::string fault;
};

ListedRun read_run(RunPlace place) {
  ListedRun run{std::move(place), {}, {}};
  if (const auto events = read_journal(run.place.directory)) {
    run.state = fold(*events);
  } else {
    run.fault = describe(events.error());
  }
  return run;
}

std::vector<RunPlace> places(const RunsOptions& options, const CliContext& context) {
  const std::filesystem::path state = state_folder(context.env);
  const std::filesystem::path root = find_repository(options.directory);
  std::vector<RunPlace> found =
      options.all || root.empty() ? list_all_runs(state) : list_runs(runs_folder(state, root));
  if (options.limit > 0 && found.size() > static_cast<std::size_t>(options.limit)) {
    found.resize(static_cast<std::size_t>(options.limit));
  }
  return found;
}

Json run_json(const ListedRun& run) {
  Json object = {{"run_id", run.place.id.text}, {"directory", run.place.directory.string()}};
  if (!run.state) {
    object["error"] = run.fault;
    return object;
  }
  const RunState& state = *run.state;
  object["goal"] = state.started.goal;
  object["repository"] = state.started.repository;
  object["started"] = format_time(state.started_ms);
  object["completed"] = state.completed;
  object["subtype"] = outcome_of(state);
  object["exit_code"] = state.completed ? Json(state.result.exit_code) : Json();
  object["verified"] =
      state.completed ? Json(std::string(enum_name(state.result.verified))) : Json();
  object["total_cost_usd"] = to_usd(state.spent);
  return object;
}

}  // namespace

int cmd_runs(const RunsOptions& options, CliContext& context) {
  std::vector<ListedRun> runs;
  for (RunPlace& place : places(options, context)) runs.push_back(read_run(std::move(place)));
  if (options.json) {
    Json list = Json::array();
    for (const ListedRun& run : runs) list.push_back(run_json(run));
    context.out << dump_json({{"runs", std::move(list)}}) << "\n";
    return 0;
  }
  if (runs.empty()) {
    context.err << "no runs yet: mixagent run \"what you want\" makes one\n";
    return 0;
  }
  std::vector<RunLine> lines;
  for (const ListedRun& run : runs) {
    const std::string repository =
        options.all && run.state ? run.state->started.repository : std::string();
    lines.push_back({run.place.id.text, repository, run.state ? &*run.state : nullptr, run.fault});
  }
  context.out << render_runs(lines, context.color, terminal_width(Stream::out));
  return 0;
}

}  // namespace mixagent
