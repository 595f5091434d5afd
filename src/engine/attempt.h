#pragma once
// One try of a step by one model: the worker's conversation, then gates, checks and review, each of
// which may send it back into the same conversation a bounded number of times. Blocks; runs in the
// step's thread.

#include "engine/work.h"

#include <string>
#include <vector>

namespace mixagent {

struct AttemptResult {
  std::string outcome;  // as in AttemptCompleted
  std::string why;
  Tree tree;  // what the attempt left, also when it failed
  std::vector<CheckRecord> checks;
  std::vector<Finding> open;
  bool replan = false;
  // For the next rung's dossier.
  std::string diagnosis, failed_command, failed_output;
};

struct AttemptPlan {
  int number = 1;  // within the step
  int rung = 0;
  const Seat& seat;
  const Model& model;
  std::string dossier;  // rendered, or empty
};

Result<AttemptResult> run_attempt(RunContext& run, const StepJob& job, const AttemptPlan& plan);

}  // namespace mixagent
