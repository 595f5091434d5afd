#include "engine/integrate.h"

#include "base/text.h"

#include <fmt/core.h>

namespace mixagent {

namespace {

// Only a tree that nobody has checked yet is worth a run.
Result<std::string> failing_check(RunContext& run, const Step& step, const StepOutcome& outcome,
                                  const Tree& merged) {
  std::vector<Check> again;
  for (const Check& check : step.checks) {
    const CheckRecord* record =
        find_record(outcome.checks, check.command, tree_id(outcome.tree).text);
    if (record != nullptr && record->passed()) again.push_back(check);
  }
  const CheckSite site{step.id, "integration",
                       fmt::format("integrate:{}:{}", step.id, tree_id(merged).text.substr(0, 12)),
                       run.goal.repository};
  MIX_TRY(const auto runs, run_checks(run.tools, again, merged, site, {}));
  for (const CheckRun& done : runs) {
    if (!done.record.passed())
      return fmt::format("`{}` passes alone and fails beside the other steps", done.record.command);
  }
  return std::string();
}

}  // namespace

Result<Integrated> integrate(RunContext& run, const Step& step, const StepOutcome& outcome,
                             const Tree& head) {
  Integrated out;
  if (head == outcome.base) {
    out.tree = outcome.tree;
  } else {
    MIX_TRY(Merge merge, run.tools.workspaces.merge(outcome.base, head, outcome.tree));
    if (!merge.conflicts.empty()) {
      MIX_OK(
          run.tools.journal.append(ChangeIntegrated{step.id, tree_id(head).text, merge.conflicts}));
      out.problem = "conflicts with other steps in " + join(merge.conflicts, ", ");
      return out;
    }
    MIX_TRY(out.problem, failing_check(run, step, outcome, merge.tree));
    if (!out.problem.empty()) {
      MIX_OK(run.tools.journal.append(NoteAdded{out.problem, step.id}));
      return out;
    }
    out.tree = std::move(merge.tree);
  }
  MIX_TRY(const TreeId id, run.tools.workspaces.keep(out.tree));
  MIX_OK(run.tools.journal.append(ChangeIntegrated{step.id, id.text, {}}));
  return out;
}

}  // namespace mixagent
