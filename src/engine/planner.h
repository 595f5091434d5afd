#pragma once
// The planner's conversation: goal in, valid plan out. One repair round; what stays faulty falls
// back to solo with the plan's text as notes.

#include "engine/work.h"

#include <string>
#include <vector>

namespace mixagent {

constexpr std::int64_t planner_budget = 6'000;  // estimated tokens of the repository's context

struct Planned {
  Plan plan;  // decision `solo` holds exactly one step: the goal itself
  std::string reason;
  std::string notes;  // for the worker, after a fallback
  std::vector<std::string> warnings;
};

struct PlanRequest {
  std::string key = "plan:1";
  std::string goal;     // with a person's answer to the planner's question, if any
  std::string failure;  // not empty: plan again, after this
  Tree tree;            // as it is now
};

// Error: the planner cannot be reached, no money, cancelled.
Result<Planned> plan_goal(RunContext& run, const PlanRequest& request);

// The goal as the only step.
Plan solo_plan(const Goal& goal, const std::string& text);
// Seats that a step may name: worker-like ones with a model.
std::vector<std::string> plannable_seats(const Lineup& lineup);
// Validates a plan that was given (run --plan). Error usage with the faults.
Result<Planned> accept_given(RunContext& run, Plan plan);

}  // namespace mixagent
