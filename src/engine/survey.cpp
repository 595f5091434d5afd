#include "engine/survey.h"

#include "base/text.h"
#include "version.h"

#include <fmt/core.h>

#include <algorithm>

namespace mixagent {

namespace {

// On another machine, or after the cache was cleared, the bytes of the snapshot lie in the
// repository alone: looking at it once more stores those that are still the same.
Result<void> bring_back(Tools& tools, const Tree& tree) {
  const auto least = std::min_element(
      tree.begin(), tree.end(),
      [](const auto& one, const auto& other) { return one.second.size < other.second.size; });
  if (least == tree.end() || tools.workspaces.bytes(least->second.blob)) return {};
  MIX_TRY([[maybe_unused]] const Snapshot now, tools.workspaces.snapshot());
  return {};
}

}  // namespace

RunStarted what_starts(const Goal& goal, const Config& config) {
  RunStarted started;
  started.version = MIXAGENT_VERSION;
  started.goal = goal.text;
  started.repository = goal.repository.string();
  started.user = goal.user;
  started.lane = std::string(enum_name(goal.lane));
  started.require = std::string(enum_name(goal.require));
  started.isolation = std::string(enum_name(config.sandbox.isolation));
  started.jobs = config.run.jobs;
  started.cap = config.budget.run;
  started.config = goal.record;
  for (const auto& [name, seat] : config.lineup.seats) {
    if (!seat.ladder.empty()) started.seats[name] = join(seat.ladder, ", ");
  }
  return started;
}

Result<Snapshot> take_snapshot(Tools& tools) {
  const std::int64_t started = tools.clock.steady_ms();
  // A resumed run works from what it saw, not from what the user has now.
  for (const Event& event : tools.journal.events()) {
    const auto* taken = std::get_if<SnapshotTaken>(&event.fact);
    if (taken == nullptr) continue;
    Snapshot snapshot;
    snapshot.id = TreeId{taken->tree};
    snapshot.bytes = taken->bytes;
    snapshot.left_out = taken->left_out;
    MIX_TRY(snapshot.tree, tools.workspaces.tree(snapshot.id));
    MIX_OK(bring_back(tools, snapshot.tree));
    return snapshot;
  }
  MIX_TRY(Snapshot snapshot, tools.workspaces.snapshot());
  MIX_OK(tools.workspaces.keep(snapshot.tree));
  MIX_OK(tools.journal.append(
      SnapshotTaken{snapshot.id.text, static_cast<std::int64_t>(snapshot.tree.size()),
                    snapshot.bytes, tools.clock.steady_ms() - started, snapshot.left_out}));
  return snapshot;
}

Result<std::vector<CheckRecord>> baseline(Tools& tools, const Goal& goal,
                                          const Snapshot& snapshot) {
  std::vector<CheckRecord> records;
  const CheckSite site{"", "baseline", "baseline", goal.repository};
  MIX_TRY(const auto runs, run_checks(tools, goal.checks, snapshot.tree, site, {}));
  int remembered = 0;
  for (const CheckRun& done : runs) {
    remembered += done.remembered ? 1 : 0;
    records.push_back(done.record);
    records.back().baseline_exit_code = done.record.exit_code;
  }
  MIX_OK(tools.journal.append(BaselineCompleted{records}));
  if (remembered > 0) {
    MIX_OK(tools.journal.append(NoteAdded{
        fmt::format("{} of {} checks on the base are known from an earlier run on the same tree",
                    remembered, records.size()),
        ""}));
  }
  for (const CheckRecord& record : records) {
    if (!record.unusable) continue;
    if (record.origin == CheckOrigin::user) {
      return fail(ErrorCode::need_input,
                  "the check `" + record.command + "` cannot run: " + record.why, "check",
                  "correct [verify] checks or --check, then run again");
    }
    MIX_OK(tools.journal.append(NoteAdded{
        "the detected check `" + record.command + "` cannot run and is left out: " + record.why,
        ""}));
  }
  return records;
}

}  // namespace mixagent
