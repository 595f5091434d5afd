#pragma once
// The end of a run on one screen. Projections of RunState and RunResult; everything that came from
// a model or a command is escaped. Pure.

#include "mixagent/result.h"
#include "mixagent/run_state.h"

#include <string>

namespace mixagent {

// Outcome and what `verified` means here, checks, steps, open findings, files, costs, and where the
// work is.
std::string render_summary(const RunState& state, const RunResult& result, bool color,
                           int width = 100);

// The same in a few plain lines, for `-q` and for scripts that show it to people.
std::string render_result_text(const RunResult& result);

// Calls, tokens and money by seat and by model, what was wasted, and the comparison with the
// frontier model alone.
std::string render_costs(const RunState& state, Money frontier_cost, bool color, int width = 100);

}  // namespace mixagent
