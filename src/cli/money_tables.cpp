#include "cli/money_tables.h"

#include "base/text.h"
#include "cli/seat_table.h"
#include "journal/run_index.h"
#include "system/folders.h"
#include "view/words.h"

#include <ostream>

namespace mixagent {

namespace {

Json rate(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return {};
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::string milliseconds(std::int64_t ms) {
  return ms == 0 ? "" : format_duration_ms(ms);
}

std::string count_or_blank(std::int64_t count) {
  return count == 0 ? "" : format_count(count);
}

std::vector<Column> columns_of(StatsBy by, bool outcomes) {
  std::vector<Column> columns = {{std::string(enum_name(by)), Align::left, true}};
  if (by == StatsBy::seat_model) columns = {{"seat"}, {"model", Align::left, true}};
  if (by == StatsBy::step) columns = {{"run"}, {"step", Align::left, true}};
  std::vector<std::string> titles = {"calls",  "input",     "cached", "cache write",
                                     "output", "reasoning", "cost",   "wasted"};
  if (outcomes) {
    titles = {"calls", "errors", "cost",  "wasted",   "p50",    "p95",       "p99",
              "tries", "taken",  "climb", "edits ok", "solved", "per solved"};
  }
  for (const std::string& title : titles) columns.push_back({title, Align::right});
  return columns;
}

Row row_of(const LedgerStats& row, StatsBy by, bool outcomes) {
  const std::string none = by == StatsBy::action ? "(whole run)" : "(none)";
  Row cells = {row.name.empty() ? none : row.name};
  if (by == StatsBy::seat_model || by == StatsBy::step)
    cells.push_back(row.part.empty() ? "(whole run)" : row.part);
  cells.push_back(format_count(row.tries));
  if (!outcomes) {
    cells.push_back(format_count(row.usage.input));
    cells.push_back(percent(row.usage.cached_input, row.usage.input));
    cells.push_back(count_or_blank(row.usage.cache_write));
    cells.push_back(format_count(row.usage.output));
    cells.push_back(count_or_blank(row.usage.reasoning));
  } else {
    cells.push_back(row.errors == 0 ? "" : percent(row.errors, row.tries));
  }
  cells.push_back(format_usd(row.cost));
  cells.push_back(percent(row.wasted.pico / 1'000'000, row.cost.pico / 1'000'000));
  if (!outcomes) return cells;
  const std::int64_t edits = row.edits + row.wholes;
  const auto solved = cost_per_solved(row);
  for (const std::string& cell :
       {milliseconds(row.p50_ms), milliseconds(row.p95_ms), milliseconds(row.p99_ms),
        count_or_blank(row.attempts), percent(row.accepted, row.attempts),
        percent(row.climbed, row.attempts), percent(edits - row.edits_bad - row.wholes_bad, edits),
        row.steps == 0 ? "" : format_count(row.verified) + "/" + format_count(row.steps),
        solved ? format_usd(*solved) : ""}) {
    cells.push_back(cell);
  }
  return cells;
}

}  // namespace

Result<std::unique_ptr<Ledger>> open_ledger(CliContext& context, Clock& clock, bool rebuild) {
  const auto state = state_folder(context.env);
  auto ledger = std::make_unique<Ledger>(state / "ledger.db", clock);
  std::vector<std::filesystem::path> runs;
  for (const RunPlace& run : list_all_runs(state)) runs.push_back(run.directory);
  MIX_TRY(const auto unreadable, rebuild ? ledger->rebuild(runs) : ledger->refresh(runs));
  for (const Error& error : unreadable) {
    context.err << "note: not counted: " << escape_terminal_line(describe(error)) << "\n";
  }
  return ledger;
}

std::optional<Money> cost_per_solved(const LedgerStats& row) {
  if (row.verified == 0) return {};
  return Money{row.cost.pico / row.verified};
}

std::string stats_table(const std::vector<LedgerStats>& rows, StatsBy by, bool outcomes,
                        const CliContext& context) {
  std::vector<Row> lines;
  for (const LedgerStats& row : rows) lines.push_back(row_of(row, by, outcomes));
  return render_table(columns_of(by, outcomes), lines, table_layout(context));
}

Json usage_json(const Usage& usage) {
  return {{"input", usage.input},
          {"output", usage.output},
          {"cached_input", usage.cached_input},
          {"cache_write", usage.cache_write},
          {"reasoning", usage.reasoning}};
}

Json stats_json(const LedgerStats& row, StatsBy by) {
  Json object = Json::object();
  if (by == StatsBy::seat_model) {
    object["seat"] = row.name;
    object["model"] = row.part;
  } else if (by == StatsBy::step) {
    object["run_id"] = row.name;
    object["step"] = row.part;
  } else {
    object[std::string(enum_name(by))] = row.name;
  }
  const std::int64_t edits = row.edits + row.wholes;
  const auto solved = cost_per_solved(row);
  object["calls"] = row.tries;
  object["errors"] = row.errors;
  object["error_rate"] = rate(row.errors, row.tries);
  object["usage"] = usage_json(row.usage);
  object["total_cost_usd"] = to_usd(row.cost);
  object["wasted_usd"] = to_usd(row.wasted);
  object["p50_ms"] = row.p50_ms;
  object["p95_ms"] = row.p95_ms;
  object["p99_ms"] = row.p99_ms;
  object["attempts"] = row.attempts;
  object["accepted"] = row.accepted;
  object["escalated"] = row.climbed;
  object["escalation_rate"] = rate(row.climbed, row.attempts);
  object["edit_file"] = {{"calls", row.edits}, {"failed", row.edits_bad}};
  object["write_file"] = {{"calls", row.wholes}, {"failed", row.wholes_bad}};
  object["edit_apply_rate"] = rate(edits - row.edits_bad - row.wholes_bad, edits);
  object["steps"] = {{"ended", row.steps},
                     {"verified", row.verified},
                     {"unverified", row.unverified},
                     {"failed", row.failed}};
  object["usd_per_solved_step"] = solved ? Json(to_usd(*solved)) : Json();
  return object;
}

}  // namespace mixagent
