#pragma once
// What one step's thread works with. Plain values and references that outlive the step.

#include "engine/caller.h"
#include "engine/checks.h"

#include "mixagent/goal.h"
#include "mixagent/tools.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

// What test steps have shown so far: mixagent saw these checks fail by a new test.
struct Proof {
  std::vector<CheckRecord> seen_failing;
  Tree tests;  // the base with the files of accepted test steps; empty: there are none
};

// The run's constants, shared by all steps.
struct RunContext {
  const Goal& goal;
  Tools& tools;
  Caller& caller;
  Snapshot snapshot;
  std::vector<CheckRecord> baseline;  // goal checks on the base
  // Changed by the scheduling thread only.
  Proof proof = {};
  std::map<std::string, int> attempts = {};  // so far, by step, whatever plan it stands in
};

// One step, ready to be worked on: serialisable (step, base, checks, notes) plus where it runs.
struct StepJob {
  Step step;
  Tree base;                        // the integration head at its start
  std::vector<Check> checks;        // that must pass
  std::vector<CheckRecord> before;  // the same on `base`
  bool expect_failure = false;  // a `test` step whose checks pass only when a later step is done
  bool solo = false;            // the step is the goal itself
  std::string notes;            // the plan's text when it fell back to solo; why it is done again
  int attempts = 0;             // so far: the next one is numbered after them
  std::string key;              // "plan:1/step:s1": prefix of every recorded effect
  bool review = true;           // may be reviewed at all
  bool later_rung = false;      // start one rung higher
  bool recut = true;            // the planner may be asked about it at the ladder's end
  bool one_rung = false;        // no climbing: its failure is not the run's
  std::string targets;          // tests that a test step brought: they must pass
  std::vector<Step> beside;     // not on `base`: at work, about to be, or not checked yet
};

// What a step says, for the tests that it names (core/verdict.h).
inline std::string names_in(const Step& step) {
  std::string text = step.title + "\n" + step.instructions;
  for (const Check& check : step.checks) text += "\n" + check.command;
  return text;
}
inline std::string names_of(const StepJob& job) {
  return names_in(job.step) + "\n" + job.targets;
}

struct StepOutcome {
  std::string id;
  StepStatus status = StepStatus::failed;
  Tree base, tree;                  // tree: of the accepted change
  std::vector<CheckRecord> before;  // its checks on `base`
  std::vector<CheckRecord> checks;  // on `tree`
  std::string model;                // whose change was accepted
  std::vector<Finding> open;
  std::string why;
  int attempts = 0;            // so far, of all plans
  int attempt = 0;             // whose change was accepted
  bool recut = false;          // the planner was asked about this step already
  std::string question;        // the planner's, when only a person can go on
  std::string blocked;         // the sandbox denied a dependency: what to do about it
  std::optional<Error> error;  // the world's fault, not the model's
};

}  // namespace mixagent
