#include "engine/finish.h"

#include "base/text.h"
#include "core/diff.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace mixagent {

namespace {

constexpr int small_diff = 80;  // changed lines

bool is_test_file(const std::string& path) {
  const std::string name = lower(path);
  static constexpr std::array<std::string_view, 6> signs = {"test/",      "tests/", "spec/",
                                                            "__tests__/", "_test.", "test_"};
  return std::any_of(signs.begin(), signs.end(),
                     [&](std::string_view sign) { return name.find(sign) != std::string::npos; }) ||
         name.find(".test.") != std::string::npos || name.find(".spec.") != std::string::npos;
}

// Tests that were there before and that the patch changes: it may have bent what judges it.
std::vector<std::string> changed_tests(const Change& change) {
  std::vector<std::string> out;
  for (const FileChange& file : change.files) {
    if (file.before && is_test_file(file.path)) out.push_back(file.path);
  }
  return out;
}

int changed_line_count(Workspaces& workspaces, const Change& change) {
  const auto diff = workspaces.diff(change);
  if (!diff) return small_diff + 1;
  int lines = 0;
  for (const std::string& line : split_lines(*diff)) {
    if (!line.empty() && (line[0] == '+' || line[0] == '-')) ++lines;
  }
  return lines;
}

}  // namespace

Result<std::vector<CheckRecord>> final_checks(RunContext& run,
                                              const std::vector<Check>& plan_checks,
                                              const Dispatched& done, int revision) {
  std::vector<Check> checks;
  for (const Check& check : run.goal.checks) {
    const CheckRecord* base = find_record(run.baseline, check.command, run.snapshot.id.text);
    if (base == nullptr || !base->unusable) checks.push_back(check);
  }
  for (const Check& check : plan_checks) {
    const auto same = [&](const Check& c) { return c.command == check.command; };
    if (std::none_of(checks.begin(), checks.end(), same)) checks.push_back(check);
  }
  const std::string tree = tree_id(done.head).text;
  std::vector<CheckRecord> records;
  std::vector<Check> missing;
  for (const Check& check : checks) {
    const CheckRecord* known = find_record(done.checks, check.command, tree);
    if (known != nullptr && known->passed()) {
      records.push_back(*known);
      records.back().origin = check.origin;
    } else {
      missing.push_back(check);
    }
  }
  const CheckSite site{"", "final", fmt::format("final:{}:{}", revision, tree.substr(0, 12)),
                       run.goal.repository};
  MIX_TRY(const auto runs, run_checks(run.tools, missing, done.head, site, run.baseline));
  for (const CheckRun& run_done : runs) records.push_back(run_done.record);
  return records;
}

namespace {

// Changed tests that fail in the version they had before, on the new code: the patch may have bent
// what judges it.
Result<std::vector<std::string>> bent_tests(RunContext& run, const Tree& head, int revision) {
  const Change change = difference(run.snapshot.tree, head);
  const std::vector<std::string> changed = changed_tests(change);
  if (changed.empty()) return changed;
  Tree tree = head;
  for (const FileChange& file : change.files) {
    if (std::find(changed.begin(), changed.end(), file.path) != changed.end())
      tree[file.path] = *file.before;
  }
  std::vector<Check> judges;
  for (const Check& check : run.goal.checks) {
    const CheckRecord* base = find_record(run.baseline, check.command, run.snapshot.id.text);
    if (base != nullptr && !base->unusable && !base->flaky) judges.push_back(check);
  }
  MIX_OK(run.tools.workspaces.keep(tree));
  const CheckSite site{"", "base tests",
                       fmt::format("base-tests:{}:{}", revision, tree_id(tree).text.substr(0, 12)),
                       run.goal.repository};
  MIX_TRY(const auto runs, run_checks(run.tools, judges, tree, site, {}));
  const bool all_pass = std::all_of(runs.begin(), runs.end(),
                                    [](const CheckRun& done) { return done.record.passed(); });
  return all_pass ? std::vector<std::string>{} : changed;
}

}  // namespace

Result<VerdictOutput> final_verdict(RunContext& run, const Plan& plan, const Tree& head,
                                    const std::vector<CheckRecord>& checks, int revision) {
  VerdictInput input;
  const auto& reported_only = run.tools.config.verify.known_failing;
  const auto counts = [&](const CheckRecord& record) {
    return std::find(reported_only.begin(), reported_only.end(), record.command) ==
           reported_only.end();
  };
  std::copy_if(run.baseline.begin(), run.baseline.end(), std::back_inserter(input.baseline),
               counts);
  std::copy_if(checks.begin(), checks.end(), std::back_inserter(input.final), counts);
  input.delivered_tree = tree_id(head).text;
  input.refactoring = !plan.steps.empty() &&
                      std::all_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) {
                        return step.action == StepAction::refactor;
                      });
  VerdictOutput verdict = judge(input);
  if (!verdict.passed || verdict.verified != Verified::full) return verdict;
  MIX_TRY(input.changed_test_files, bent_tests(run, head, revision));
  return judge(input);
}

bool wants_final_review(RunContext& run, const Plan& plan, const Tree& head, Verified verified) {
  if (!run.tools.config.review.enabled) return false;
  const Change change = difference(run.snapshot.tree, head);
  if (change.empty()) return false;
  if (plan.decision == Decision::solo && verified == Verified::full) {
    return changed_line_count(run.tools.workspaces, change) > small_diff;
  }
  return true;
}

Plan fix_plan(const Goal& goal, const std::vector<Finding>& findings, const std::string& coaching) {
  Plan plan;
  Step step;
  step.id = "review-fix";
  step.title = "Settle the findings of the final review";
  step.instructions =
      "The whole change for the goal below was reviewed. Settle these findings and change nothing "
      "else.\n\nGoal: " +
      goal.text + "\n\nFindings:\n";
  for (const Finding& finding : findings) {
    step.instructions +=
        fmt::format("- {}:{}: {} Evidence: {} {}\n", finding.file, finding.line, finding.claim,
                    finding.evidence, finding.fix.empty() ? "" : "Fix: " + finding.fix);
    if (!finding.file.empty() && std::find(step.files.read.begin(), step.files.read.end(),
                                           finding.file) == step.files.read.end()) {
      step.files.read.push_back(finding.file);
    }
  }
  if (!coaching.empty()) step.instructions += "\n" + coaching + "\n";
  plan.steps.push_back(std::move(step));
  return plan;
}

}  // namespace mixagent
