#pragma once
// Who sits where, for `seats` and `doctor`.

#include "cli/commands.h"
#include "view/table.h"

#include "mixagent/model.h"

#include <string>
#include <vector>

namespace mixagent {

// The main seats first, in the order of a run.
std::vector<std::string> seat_order(const Lineup& lineup);
// One line a rung: seat, model, provider, family, tier, price. Seats that sit with the worker's
// models are one line.
std::string seat_table(const Lineup& lineup, const CliContext& context);

// Tables of the commands: as wide as the terminal, or as they need where it is none, so that
// nothing is cut in a pipe.
TableLayout table_layout(const CliContext& context);

}  // namespace mixagent
