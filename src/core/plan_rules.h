#pragma once
// What makes a plan acceptable (PROTOCOLS 2). Pure.

#include "mixagent/plan.h"

#include <string>
#include <vector>

namespace mixagent {

struct PlanLimits {
  std::vector<std::string> seats;    // that a step may name
  std::vector<std::string> protect;  // globs
  int max_steps = 500;
  bool allow_code = false;
};

struct PlanVerdict {
  std::vector<std::string>
      faults;  // each names the step: "s2: depends_on names an unknown step 's9'"
  std::vector<std::string> warnings;
  bool ok() const { return faults.empty(); }
};

// Fills defaults first (title from the instructions, seat worker, timeouts).
void fill_defaults(Plan& plan);
PlanVerdict validate(const Plan& plan, const PlanLimits& limits);

// Do two steps write the same files? An empty scope is the whole repository.
bool scopes_overlap(const Step& a, const Step& b);
// The step's scope: write and create globs; empty means everything but `protect`.
bool in_scope(const Step& step, const std::string& path);
// More code-like lines in a row than this in one step's instructions? The longest such run.
int longest_code_run(const std::string& instructions);

}  // namespace mixagent
