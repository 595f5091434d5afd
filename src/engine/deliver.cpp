#include "base/text.h"
#include "core/gates.h"
#include "engine/finish.h"

#include "mixagent/run_state.h"

#include <fmt/core.h>

#include <functional>
#include <utility>

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

// What comes back of a delivery is a fact: refused for the user's own edits, or done.
Result<void> record(Journal& journal, ChangeApplied fact) {
  const auto conflicts = fact.conflicts;
  const std::string repository = fact.target;
  if (!conflicts.empty()) fact.how = "refused";
  MIX_OK(journal.append(std::move(fact)));
  if (conflicts.empty()) return {};
  return fail(
      ErrorCode::conflict,
      "changed by you since the run began: " + join(conflicts, ", ") + "; nothing was written",
      repository,
      "the work is kept: bring these files back to what they were (git stash), then "
      "`mixagent apply`");
}

// The journal knows before the first file is renamed.
std::function<Result<void>()> announcing(Journal& journal, ChangeApplied fact) {
  return [&journal, fact = std::move(fact)]() mutable -> Result<void> {
    fact.how = "started";
    MIX_OK(journal.append(fact));
    return journal.sync();
  };
}

Result<Delivered> commit(RunContext& run, const Change& change, ChangeApplied fact,
                         Verified verified, Delivered what) {
  Tools& tools = run.tools;
  const std::string& branch = run.goal.branch;
  const auto events = tools.journal.events();
  const std::string id = events.empty() ? "" : events.front().run.text;
  const CommitOrder order{branch, commit_message(run.goal, fold(events), id, verified), id};
  MIX_TRY(const Committed done,
          tools.workspaces.commit(change, order, announcing(tools.journal, fact)));
  fact.how = branch.empty() ? "commit" : "branch";
  fact.files = done.files;
  fact.conflicts = done.conflicts;
  fact.commit = done.commit;
  if (done.conflicts.empty()) fact.target = branch.empty() ? done.commit : branch;
  what.how = fact.how + " " + fact.target;
  what.branch = branch;
  what.commit = done.commit;
  MIX_OK(record(tools.journal, std::move(fact)));
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
  const ChangeApplied fact{"", tree_id(head).text, goal.repository.string(), what.files, {}};
  if (is_commit(goal)) return commit(run, change, fact, verdict.verified, std::move(what));
  MIX_OK(deliver_to_tree(tools.journal, tools.workspaces, change, fact));
  what.how = "working tree";
  return what;
}

Result<std::vector<std::string>> deliver_to_tree(Journal& journal, Workspaces& workspaces,
                                                 const Change& change, ChangeApplied fact) {
  MIX_TRY(const Delivery done, workspaces.deliver(change, announcing(journal, fact)));
  fact.how = "working tree";
  fact.files = done.files;
  fact.conflicts = done.conflicts;
  MIX_OK(record(journal, std::move(fact)));
  return done.files;
}

}  // namespace mixagent
