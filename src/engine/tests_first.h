#pragma once
// Measured: a suite that passes before and after accepts half of the wrong patches; two or three
// tests of the change itself bring that to one in twenty. So a goal that no check asks for gets its
// tests first. Pure but for names.

#include "engine/work.h"

#include <string>

namespace mixagent {

// Lane auto, the goal as one step, and no check on the base that the goal must turn green.
bool lacks_target(const RunContext& run, const Plan& plan);
// Is there a check that would run new tests: one that works on the base?
bool can_run_tests(const RunContext& run);
// One step: the tester's seat writes two or three tests for the goal.
Plan tests_plan(const RunContext& run, const std::string& goal);

}  // namespace mixagent
