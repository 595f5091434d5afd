#pragma once
// Who sits where, for `seats` and `doctor`.

#include "cli/commands.h"
#include "mixagent/model.h"

#include <string>

namespace mixagent {

// One line a rung: seat, model, provider, family, tier, price. Seats that sit with the worker's models are one line.
std::string seat_table(const Lineup& lineup, const CliContext& context);

}  // namespace mixagent
