#pragma once
// What `cost` and `stats` share: the ledger as the journals have it by now, and its rows for people
// and for programs.

#include "base/json.h"
#include "cli/commands.h"
#include "journal/ledger.h"

#include <memory>
#include <string>
#include <vector>

namespace mixagent {

// Journals that cannot be read are named on standard error. `clock` outlives the ledger. `rebuild`:
// from nothing.
Result<std::unique_ptr<Ledger>> open_ledger(CliContext& context, Clock& clock, bool rebuild);

// Names, calls, tokens, money; with `outcomes` what came of it as well.
std::string stats_table(const std::vector<LedgerStats>& rows, StatsBy by, bool outcomes,
                        const CliContext& context);
Json stats_json(const LedgerStats& row, StatsBy by);
Json usage_json(const Usage& usage);

// Money per verified step, wasted attempts included; nothing where no step was verified.
std::optional<Money> cost_per_solved(const LedgerStats& row);

}  // namespace mixagent
