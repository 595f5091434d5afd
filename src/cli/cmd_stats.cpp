#include "cli/money_tables.h"
#include "system/clock_system.h"

#include <algorithm>
#include <ostream>

namespace mixagent {

namespace {

constexpr std::int64_t day_ms = 86'400'000;

Result<StatsBy> by_of(const std::string& name) {
  const auto names = enum_names(StatsBy{});
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<StatsBy>(found - names.begin());
  std::string known;
  for (const auto one : names) known += (known.empty() ? "" : ", ") + std::string(one);
  return fail(ErrorCode::usage, "'" + name + "' is none of " + known, "--by");
}

Result<void> stats(const StatsOptions& options, CliContext& context) {
  MIX_TRY(const StatsBy by, by_of(options.by));
  SystemClock clock;
  MIX_TRY(const auto ledger, open_ledger(context, clock, options.rebuild));
  const std::int64_t since = options.days > 0 ? clock.wall_ms() - options.days * day_ms : 0;
  MIX_TRY(const auto rows, ledger->stats(by, since));
  if (options.json) {
    Json list = Json::array();
    for (const LedgerStats& row : rows) list.push_back(stats_json(row, by));
    context.out << dump_json({{"by", options.by}, {"days", options.days}, {"rows", list}}) << "\n";
    return {};
  }
  if (rows.empty()) {
    context.err << "nothing was paid for yet\n";
    return {};
  }
  context.out << stats_table(rows, by, true, context) << "\nTokens\n"
              << stats_table(rows, by, false, context);
  context.err
      << "\nerrors: calls without a usable answer. wasted: attempts that were not accepted, "
         "discarded replies. tries, taken, climb: attempts at steps, accepted, handed to "
         "the next rung. per solved: all that was spent here for each step that ended "
         "verified here.\n";
  return {};
}

}  // namespace

int cmd_stats(const StatsOptions& options, CliContext& context) {
  const auto done = stats(options, context);
  return done ? 0 : report_error(done.error(), context);
}

}  // namespace mixagent
