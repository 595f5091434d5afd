#include "base/text.h"
#include "cli/config_files.h"
#include "cli/inspect.h"
#include "cli/money_tables.h"
#include "cli/seat_table.h"
#include "core/codecs.h"
#include "system/clock_system.h"
#include "system/terminal.h"
#include "view/summary.h"

#include <ostream>

namespace mixagent {

namespace {

constexpr std::size_t most_runs = 10;

// ---- one run ------------------------------------------------------------------------------------

Json money_by_name(const std::map<std::string, Money>& money) {
  Json object = Json::object();
  for (const auto& [name, amount] : money) object[name] = to_usd(amount);
  return object;
}

// Calls of a run that nobody resumed: they may have been billed.
Money open_of(const RunState& state) {
  Money open;
  for (const auto& [key, call] : state.open) open += call.reserved;
  return open;
}

Json run_json(const OpenedRun& run, const Account& account) {
  const RunState& state = account.state;
  std::map<std::string, Money> by_provider, by_action;
  for (const CallRow& call : account.calls) {
    by_provider[call.provider] += call.cost;
    by_action[call.action] += call.cost;
  }
  Json steps = Json::array();
  for (const StepRow& step : account.steps) {
    steps.push_back({{"id", step.step},
                     {"title", step.title},
                     {"status", step.status},
                     {"seat", step.seat},
                     {"model", step.model},
                     {"action", step.action},
                     {"attempts", step.attempts},
                     {"usd", to_usd(step.cost)},
                     {"wasted_usd", to_usd(step.wasted)}});
  }
  Json object = {
      {"run_id", run.place.id.text},
      {"goal", state.started.goal},
      {"total_cost_usd", to_usd(state.spent)},
      {"open_usd", to_usd(open_of(state))},
      {"wasted_usd", to_usd(state.wasted)},
      {"frontier_cost_usd", state.completed ? Json(to_usd(state.result.frontier_cost)) : Json()},
      {"cap_usd", state.started.cap ? Json(to_usd(*state.started.cap)) : Json()},
      {"cost_by_seat", money_by_name(state.by_seat)},
      {"cost_by_model", money_by_name(state.by_model)},
      {"cost_by_provider", money_by_name(by_provider)},
      {"cost_by_action", money_by_name(by_action)},
      {"usage", usage_json(state.usage)},
      {"model_calls", state.model_calls}};
  object["steps"] = std::move(steps);
  return object;
}

std::string steps_table(const Account& account, const CliContext& context) {
  std::vector<Row> rows;
  for (const StepRow& step : account.steps) {
    rows.push_back({step.step, step.title, step.status, step.model, std::to_string(step.attempts),
                    format_usd(step.cost), step.wasted.pico > 0 ? format_usd(step.wasted) : ""});
  }
  const std::string table = render_table({{"step"},
                                          {"title", Align::left, true},
                                          {"status"},
                                          {"model", Align::left, true},
                                          {"attempts", Align::right},
                                          {"cost", Align::right},
                                          {"wasted", Align::right}},
                                         rows, table_layout(context));
  return table.empty() ? table : "\nSteps\n" + table;
}

Result<void> cost_of_run(const CostOptions& options, CliContext& context) {
  MIX_TRY(const OpenedRun run, open_run(options.run, options.directory, context));
  const Account account = account_of(run.events);
  const RunState& state = account.state;
  if (options.json) {
    context.out << dump_json(run_json(run, account)) << "\n";
    return {};
  }
  const std::string costs =
      render_costs(state, state.result.frontier_cost, context.color, terminal_width(Stream::out));
  context.out << escape_terminal_line(run.place.id.text) << "  "
              << escape_terminal_line(clip(state.started.goal, 100)) << "\n"
              << (costs.empty() ? "nothing was paid for\n" : costs)
              << steps_table(account, context);
  if (const Money open = open_of(state); open.pico > 0) {
    context.out << "\n  up to " << format_usd(open)
                << " more: calls were under way when it was last heard of\n";
  }
  return {};
}

// ---- all runs -----------------------------------------------------------------------------------

std::string against_cap(const char* name, Money spent, const std::optional<Money>& cap) {
  std::string line = std::string(name) + format_usd(spent);
  if (cap) {
    line +=
        " of " + format_usd(*cap) + ", " + format_usd(std::max(*cap - spent, Money{})) + " left";
  }
  return line + "\n";
}

Result<void> cost_of_all(const CostOptions& options, CliContext& context) {
  SystemClock clock;
  MIX_TRY(const auto ledger, open_ledger(context, clock, false));
  MIX_TRY(const LoadedConfig loaded, load_for(context, options.config, false));
  const BudgetConfig& caps = loaded.config.budget;
  const SharedSpend spend = ledger->spend();
  const std::int64_t month = start_of_month(clock.wall_ms());
  MIX_TRY(const auto rows, ledger->stats(StatsBy::seat_model, month));
  MIX_TRY(const auto runs, ledger->runs(most_runs));
  if (options.json) {
    const auto cap = [](const std::optional<Money>& money) {
      return money ? Json(to_usd(*money)) : Json();
    };
    Json seats = Json::array(), list = Json::array();
    for (const LedgerStats& row : rows) seats.push_back(stats_json(row, StatsBy::seat_model));
    for (const LedgerRun& run : runs) {
      list.push_back({{"run_id", run.id},
                      {"repository", run.repository},
                      {"user", run.user},
                      {"goal", run.goal},
                      {"started", format_time(run.started_ms)},
                      {"subtype", run.subtype},
                      {"verified", run.verified},
                      {"total_cost_usd", to_usd(run.cost)},
                      {"wasted_usd", to_usd(run.wasted)}});
    }
    context.out << dump_json({{"today_usd", to_usd(spend.today)},
                              {"day_cap_usd", cap(caps.day)},
                              {"month_usd", to_usd(spend.month)},
                              {"month_cap_usd", cap(caps.month)},
                              {"open_usd", to_usd(spend.open)},
                              {"month", seats},
                              {"runs", list}})
                << "\n";
    return {};
  }
  context.out << against_cap("today       ", spend.today, caps.day)
              << against_cap("this month  ", spend.month, caps.month);
  if (spend.open.pico > 0)
    context.out << "of it " << format_usd(spend.open) << " held for calls under way\n";
  if (!rows.empty())
    context.out << "\nThis month\n" << stats_table(rows, StatsBy::seat_model, false, context);
  std::vector<Row> lines;
  for (const LedgerRun& run : runs) {
    lines.push_back({run.id, run.subtype.empty() ? "open" : run.subtype, run.verified,
                     format_usd(run.cost), run.wasted.pico > 0 ? format_usd(run.wasted) : "",
                     run.goal});
  }
  if (!lines.empty()) {
    context.out << "\nLast runs (mixagent cost RUN)\n"
                << render_table({{"run"},
                                 {"outcome"},
                                 {"verified"},
                                 {"cost", Align::right},
                                 {"wasted", Align::right},
                                 {"goal", Align::left, true}},
                                lines, table_layout(context));
  }
  return {};
}

}  // namespace

int cmd_cost(const CostOptions& options, CliContext& context) {
  const auto done =
      options.run.empty() ? cost_of_all(options, context) : cost_of_run(options, context);
  return done ? 0 : report_error(done.error(), context);
}

}  // namespace mixagent
