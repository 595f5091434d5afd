#include "engine/finish.h"

#include "base/text.h"
#include "core/diff.h"
#include "core/gates.h"

#include <fmt/core.h>

#include <algorithm>

namespace mixagent {

namespace {

constexpr int small_diff = 80;  // changed lines

bool mentions(const std::vector<Check>& checks, const std::string& path) {
  return std::any_of(checks.begin(), checks.end(),
                     [&](const Check& check) { return names_checker(check.command, path); });
}

// What judges the change and was there before the work on it: tests, what they compare with, how
// they are run.
std::vector<std::string> changed_judges(const Change& change, const std::vector<Check>& checks) {
  std::vector<std::string> out;
  for (const FileChange& file : change.files) {
    if (file.before && (judges_others(file.path) || mentions(checks, file.path)))
      out.push_back(file.path);
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

Result<std::vector<CheckRecord>> final_checks(RunContext& run, const Plan& plan,
                                              const Dispatched& done, int revision,
                                              const std::string& names) {
  std::vector<Check> checks;
  for (const Check& check : run.goal.checks) {
    const CheckRecord* base = find_record(run.baseline, check.command, run.snapshot.id.text);
    if (base == nullptr || !base->unusable) checks.push_back(check);
  }
  for (const Check& check : plan.checks) {
    const auto same = [&](const Check& c) { return c.command == check.command; };
    if (std::none_of(checks.begin(), checks.end(), same)) checks.push_back(check);
  }
  // Nobody else has a say: then those of the steps have, for as much as a planner's checks prove.
  if (checks.empty()) {
    for (const Step& step : plan.steps) {
      if (step.action != StepAction::test)
        checks.insert(checks.end(), step.checks.begin(), step.checks.end());
    }
  }
  // What test steps brought: by now it must pass.
  for (const CheckRecord& record : run.proof.seen_failing) {
    const auto same = [&](const Check& c) { return c.command == record.command; };
    if (std::any_of(checks.begin(), checks.end(), same)) continue;
    Check check;
    check.command = record.command;
    check.origin = CheckOrigin::tester;
    checks.push_back(std::move(check));
  }
  const std::string tree = tree_id(done.head).text;
  std::vector<CheckRecord> records;
  std::vector<Check> missing;
  for (const Check& check : checks) {
    const CheckRecord* known = find_record(done.checks, check.command, tree);
    if (known != nullptr && known->passed()) {
      CheckRecord record = *known;
      const CheckRecord* base = latest_record(run.baseline, check.command);
      record.origin = check.origin;
      record.baseline_exit_code.reset();  // that of the step's base
      if (base != nullptr) record.baseline_exit_code = base->exit_code;
      judge_tests(record, base, names, run.goal.text);
      if (record.passed()) {
        records.push_back(std::move(record));
      } else {
        missing.push_back(check);
      }
    } else {
      missing.push_back(check);
    }
  }
  const CheckSite site{"",
                       "final",
                       fmt::format("final:{}:{}", revision, tree.substr(0, 12)),
                       run.goal.repository,
                       names,
                       run.goal.text};
  MIX_TRY(const auto runs, run_checks(run.tools, missing, done.head, site, run.baseline));
  for (const CheckRun& run_done : runs) records.push_back(run_done.record);
  for (CheckRecord& record : records) {
    const bool shown = latest_record(run.proof.seen_failing, record.command) != nullptr;
    if (shown && record.baseline_exit_code.value_or(0) == 0) record.origin = CheckOrigin::tester;
  }
  return records;
}

namespace {

struct FormerTests {
  std::vector<std::string> bent;     // files; empty: the former versions pass too
  std::vector<CheckRecord> records;  // of the checks on the result with those files as they were
};

// Tests that the change edits are run in their former version too, on the new code: the change may
// have bent what judges it.
Result<FormerTests> run_former_tests(RunContext& run, const Tree& head, int revision,
                                     const std::string& names) {
  FormerTests out;
  const Tree& judged_by = run.proof.tests.empty() ? run.snapshot.tree : run.proof.tests;
  std::vector<Check> judges;
  for (const Check& check : run.goal.checks) {
    const CheckRecord* base = find_record(run.baseline, check.command, run.snapshot.id.text);
    if (base != nullptr && !base->unusable && !base->flaky) judges.push_back(check);
  }
  const Change change = difference(judged_by, head);
  const std::vector<std::string> changed = changed_judges(change, judges);
  if (changed.empty() || judges.empty()) return out;
  Tree tree = head;
  for (const FileChange& file : change.files) {
    if (std::find(changed.begin(), changed.end(), file.path) != changed.end())
      tree[file.path] = *file.before;
  }
  MIX_OK(run.tools.workspaces.keep(tree));
  const CheckSite site{"",
                       "base tests",
                       fmt::format("base-tests:{}:{}", revision, tree_id(tree).text.substr(0, 12)),
                       run.goal.repository,
                       names,
                       run.goal.text};
  MIX_TRY(const auto runs, run_checks(run.tools, judges, tree, site, run.baseline));
  for (const CheckRun& done : runs) {
    out.records.push_back(done.record);
    // A check that failed before and that the change leaves so proves nothing about the tests.
    if (!done.record.passed()) out.bent = changed;
  }
  return out;
}

}  // namespace

Result<VerdictOutput> final_verdict(RunContext& run, const Plan& plan, const Tree& head,
                                    const std::vector<CheckRecord>& checks, int revision,
                                    const std::string& names) {
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
  std::copy_if(run.proof.seen_failing.begin(), run.proof.seen_failing.end(),
               std::back_inserter(input.seen_failing), counts);
  if (VerdictOutput verdict = judge(input); !verdict.passed) return verdict;
  MIX_TRY(FormerTests former, run_former_tests(run, head, revision, names));
  input.changed_test_files = std::move(former.bent);
  input.former = std::move(former.records);
  VerdictOutput verdict = judge(input);
  if (input.changed_test_files.empty()) return verdict;
  verdict.bent_files = input.changed_test_files;
  for (const CheckRecord& record : input.former) {
    verdict.bent_tests.insert(verdict.bent_tests.end(), record.broken.begin(), record.broken.end());
  }
  return verdict;
}

std::string noted_for_review(const VerdictOutput& verdict) {
  if (verdict.bent_files.empty()) return "";
  std::string text = "- The change edits what judges it (" +
                     clip(join(verdict.bent_files, ", "), 500) +
                     "): in the version from before the change it fails on this result. Say "
                     "whether the goal asks for that, or the test was bent to pass.\n";
  if (!verdict.bent_tests.empty())
    text +=
        "- Tests that fail in that version: " + clip(join(verdict.bent_tests, ", "), 1'000) + "\n";
  return text;
}

bool wants_final_review(RunContext& run, const Plan& plan, const Tree& head, Verified verified) {
  if (!run.tools.config.review.enabled) return false;
  const Change change = difference(run.snapshot.tree, head);
  if (change.empty()) return false;
  const bool users_proof = run.proof.seen_failing.empty();  // not tests that a model wrote
  if (plan.decision == Decision::solo && verified == Verified::full && users_proof) {
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
