#include "base/text.h"
#include "cli/cmd_run.h"
#include "cli/wiring.h"
#include "core/gates.h"
#include "engine/finish.h"
#include "journal/run_index.h"

#include "mixagent/run_state.h"

#include <algorithm>
#include <iostream>

namespace mixagent {

namespace {

bool is_delivered(const RunState& state) {
  return state.delivered == "working tree" || !state.commit.empty();
}

// A recorded run of this repository, with its journal open.
struct OpenedRun {
  SystemClock clock;  // the journal refers to it
  std::filesystem::path root;
  Places places;
  Config config;
  RunPlace place;
  std::unique_ptr<JournalFile> journal;
  RunState state;
};

Result<std::unique_ptr<OpenedRun>> open_run(const ApplyOptions& options, CliContext& context) {
  auto run = std::make_unique<OpenedRun>();
  MIX_TRY(run->root, need_repository(options.directory));
  run->places = places_for(context, run->root);
  MIX_TRY(const ConfigSources sources, gather_sources(context, run->root, options.config));
  MIX_TRY(LoadedConfig loaded, load_config(sources, false));
  run->config = std::move(loaded.config);
  MIX_TRY(run->place, find_run(run->places.runs, options.run));
  MIX_TRY(run->journal, open_journal(run->place.directory, run->clock,
                                     secrets_of(context.env, run->config.lineup)));
  run->state = fold(run->journal->events());
  return run;
}

Result<Delivery> take_back(Workspaces& workspaces, const RunState& state, const Tree& before,
                           const Tree& after) {
  if (!state.commit.empty())
    return workspaces.uncommit(difference(before, after), state.branch, state.commit);
  return workspaces.deliver(difference(after, before), [] { return Result<void>(); });
}

Result<int> apply_run(const ApplyOptions& options, CliContext& context) {
  MIX_TRY(const auto opened, open_run(options, context));
  const RunState& state = opened->state;
  if (is_delivered(state)) {
    context.out << "run " << opened->place.id.text << " is already applied\n";
    return 0;
  }
  if (state.head_tree.empty() || state.head_tree == state.base_tree) {
    return fail(ErrorCode::usage, "the run holds no accepted change", opened->place.id.text,
                "see `mixagent show " + opened->place.id.text + "`");
  }
  if (!state.completed || (state.result.exit_code != 0 && state.result.subtype != "need_input" &&
                           !options.verified_only)) {
    return fail(ErrorCode::usage, "the run did not reach its goal", opened->place.id.text,
                "its accepted steps can be applied with --verified");
  }
  ProcessesPosix processes;
  MIX_TRY(const auto workspaces,
          open_workspaces(opened->places, opened->config, opened->place.directory, processes));
  MIX_TRY(const Tree before, workspaces->tree(TreeId{state.base_tree}));
  MIX_TRY(const Tree after, workspaces->tree(TreeId{state.head_tree}));
  const Change change = difference(before, after);
  std::vector<std::string> files;
  for (const FileChange& file : change.files) files.push_back(file.path);
  MIX_TRY(const auto done,
          deliver_to_tree(*opened->journal, *workspaces, change,
                          {"", state.head_tree, opened->root.string(), files, {}}));
  for (const std::string& file : done) {
    context.out << (runs_by_itself(file) ? "applied (runs by itself) " : "applied ")
                << escape_terminal_line(file) << "\n";
  }
  return 0;
}

// What the run brought into the tree is taken back, file by file as it was; a file that changed
// since is a conflict.
Result<int> undo_run(const ApplyOptions& options, CliContext& context) {
  MIX_TRY(const auto opened, open_run(options, context));
  const RunState& state = opened->state;
  JournalFile& journal = *opened->journal;
  const std::filesystem::path& root = opened->root;
  if (!is_delivered(state)) {
    return fail(ErrorCode::usage, "the run is not applied: there is nothing to take back",
                opened->place.id.text);
  }
  ProcessesPosix processes;
  MIX_TRY(const auto workspaces,
          open_workspaces(opened->places, opened->config, opened->place.directory, processes));
  MIX_TRY(const Tree before, workspaces->tree(TreeId{state.base_tree}));
  MIX_TRY(const Tree after, workspaces->tree(TreeId{state.head_tree}));
  MIX_TRY(const Delivery done, take_back(*workspaces, state, before, after));
  if (!done.conflicts.empty()) {
    return fail(
        ErrorCode::conflict,
        "changed since it was applied: " + join(done.conflicts, ", ") + "; nothing was written",
        root.string(), "settle these files first (git stash), then undo again");
  }
  MIX_OK(journal.append(ChangeApplied{"undone", state.base_tree, root.string(), done.files, {}}));
  if (!state.branch.empty())
    context.out << "deleted branch " << escape_terminal_line(state.branch) << "\n";
  for (const std::string& file : done.files)
    context.out << "taken back " << escape_terminal_line(file) << "\n";
  return 0;
}

}  // namespace

int cmd_apply(const ApplyOptions& options, CliContext& context) {
  const auto code = apply_run(options, context);
  return code ? *code : report_error(code.error(), context);
}

int cmd_undo(const ApplyOptions& options, CliContext& context) {
  const auto code = undo_run(options, context);
  return code ? *code : report_error(code.error(), context);
}

}  // namespace mixagent
