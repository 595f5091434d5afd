#include "engine/tests_first.h"

#include "engine/gate.h"

#include <algorithm>

namespace mixagent {

bool lacks_target(const RunContext& run, const Plan& plan) {
  if (run.goal.lane != Lane::automatic || run.goal.plan || plan.decision != Decision::solo)
    return false;
  return std::none_of(run.baseline.begin(), run.baseline.end(),
                      [&](const CheckRecord& check) { return is_target(check, run.goal.text); });
}

bool can_run_tests(const RunContext& run) {
  return std::any_of(run.baseline.begin(), run.baseline.end(), [](const CheckRecord& check) {
    return !check.unusable && !check.flaky && (check.passed() || check.counts);
  });
}

Plan tests_plan(const RunContext& run, const std::string& goal) {
  Plan plan;
  Step step;
  step.id = "tests";
  step.title = "Write two or three tests for the goal";
  step.action = StepAction::test;
  const Seat* tester = run.tools.config.lineup.seat("tester");
  step.seat = tester != nullptr && !tester->ladder.empty() ? "tester" : "worker";
  step.instructions =
      "Others will work on the goal below after you. Write two or three tests, each of another "
      "case, that fail now because it is not reached and pass once it is. The test commands must "
      "pick them up as they are:\n";
  for (const Check& check : run.goal.checks) step.instructions += "- `" + check.command + "`\n";
  step.instructions += "Give up when the goal cannot be tested so.\n\nGoal: " + goal;
  plan.steps.push_back(std::move(step));
  return plan;
}

}  // namespace mixagent
