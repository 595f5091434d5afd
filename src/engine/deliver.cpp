#include "base/text.h"
#include "core/gates.h"
#include "engine/finish.h"

#include "mixagent/run_state.h"

#include <fmt/core.h>

namespace mixagent {

namespace {

constexpr std::size_t longest_subject = 72;  // bytes

bool is_commit(const Goal& goal) {
  return goal.commit || !goal.branch.empty();
}

// Who worked on it, in which seat, and what it cost.
std::string commit_message(const Goal& goal, const RunState& state, const std::string& run,
                           Verified verified) {
  const auto lines = split_lines(goal.text);
  const std::string first = lines.empty() ? "mixagent" : std::string(trim(lines.front()));
  std::string subject = clip(first, longest_subject);
  std::string text = subject + "\n\n";
  if (subject != goal.text) text += std::string(trim(goal.text)) + "\n\n";
  std::vector<std::string> seats;
  for (const auto& [seat, cost] : state.by_seat) {
    const auto models = state.started.seats.find(seat);
    seats.push_back(seat + "=" + (models == state.started.seats.end() ? "?" : models->second));
  }
  text += "Mixagent-Run: " + run + "\n";
  if (!seats.empty()) text += "Mixagent-Seats: " + join(seats, "; ") + "\n";
  text += "Mixagent-Cost: " + format_usd(state.spent) + "\n";
  return text + "Mixagent-Verified: " + std::string(enum_name(verified)) + "\n";
}

Error conflict_with(const std::vector<std::string>& files, const std::string& what,
                    const Goal& goal) {
  return fail(ErrorCode::conflict, what + join(files, ", ") + "; nothing was written",
              goal.repository.string(),
              "the work is kept; settle these files, then `mixagent apply`")
      .value();
}

Result<Delivered> commit(RunContext& run, const Change& change, const std::string& tree,
                         Verified verified, Delivered what) {
  Tools& tools = run.tools;
  const Goal& goal = run.goal;
  const auto events = tools.journal.events();
  const std::string id = events.empty() ? "" : events.front().run.text;
  const CommitOrder order{goal.branch, commit_message(goal, fold(events), id, verified), id};
  MIX_TRY(const Committed done, tools.workspaces.commit(change, order, [&]() -> Result<void> {
    MIX_OK(tools.journal.append(
        ChangeApplied{"started", tree, goal.repository.string(), what.files, {}}));
    return tools.journal.sync();
  }));
  if (!done.conflicts.empty()) {
    MIX_OK(tools.journal.append(
        ChangeApplied{"refused", tree, goal.repository.string(), {}, done.conflicts}));
    return fail(conflict_with(done.conflicts, "overlaps edits of yours: ", goal));
  }
  const bool on_branch = !goal.branch.empty();
  MIX_OK(tools.journal.append(ChangeApplied{on_branch ? "branch" : "commit",
                                            tree,
                                            on_branch ? goal.branch : done.commit,
                                            done.files,
                                            {},
                                            done.commit}));
  what.how = on_branch ? "branch " + goal.branch : "commit " + done.commit;
  what.branch = goal.branch;
  what.commit = done.commit;
  return what;
}

}  // namespace

Delivered kept_in_run(const Tree& base, const Tree& head) {
  Delivered out;
  for (const FileChange& file : difference(base, head).files) {
    out.files.push_back(file.path);
    if (file.after && runs_by_itself(file.path)) out.flagged.push_back(file.path);
  }
  if (!out.files.empty()) out.how = "kept in the run";
  return out;
}

Result<Delivered> deliver(RunContext& run, const Tree& head, const VerdictOutput& verdict,
                          Delivered what) {
  Tools& tools = run.tools;
  const Goal& goal = run.goal;
  const Change change = difference(run.snapshot.tree, head);
  if (change.empty()) return Delivered{};
  if (!goal.patch_file.empty()) {
    what.how = "patch " + goal.patch_file;
    return what;
  }
  if (!goal.deliver) return what;
  if (tools.config.verify.refuse_flagged && !what.flagged.empty()) {
    return fail(ErrorCode::need_input,
                "the change holds files that run by themselves: " + join(what.flagged, ", "),
                "[verify] refuse_flagged",
                "look at them with `mixagent diff`, then `mixagent apply`");
  }
  if (goal.ask_before_apply && tools.console.interactive()) {
    MIX_TRY(const std::string diff, tools.workspaces.diff(change));
    const auto answer = tools.console.ask(
        diff + "\n" +
        fmt::format("verified: {} ({})\n{} these {} file(s){}? [y/N] ", enum_name(verdict.verified),
                    verdict.why, is_commit(goal) ? "Commit" : "Apply", change.files.size(),
                    goal.branch.empty() ? " in the working tree" : " on branch " + goal.branch));
    if (!answer || lower(trim(*answer)).rfind('y', 0) != 0) {
      return what;
    }
  }
  const std::string tree = tree_id(head).text;
  if (is_commit(goal)) return commit(run, change, tree, verdict.verified, std::move(what));
  MIX_TRY(const Delivery done, tools.workspaces.deliver(change, [&]() -> Result<void> {
    MIX_OK(tools.journal.append(
        ChangeApplied{"started", tree, goal.repository.string(), what.files, {}}));
    return tools.journal.sync();
  }));
  if (!done.conflicts.empty()) {
    MIX_OK(tools.journal.append(
        ChangeApplied{"refused", tree, goal.repository.string(), {}, done.conflicts}));
    return fail(conflict_with(done.conflicts, "changed by you while the run went on: ", goal));
  }
  what.how = "working tree";
  MIX_OK(tools.journal.append(
      ChangeApplied{what.how, tree, goal.repository.string(), done.files, {}}));
  return what;
}

}  // namespace mixagent
