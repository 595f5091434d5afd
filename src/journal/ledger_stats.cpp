// What `cost` and `stats` ask of the ledger.

#include "journal/ledger.h"

#include <algorithm>

namespace mixagent {

namespace {

struct Dimension {
  const char *name, *part;  // SQL over a row `c` of calls, attempts or steps and its run `r`
};

Dimension dimension(StatsBy by) {
  switch (by) {
    case StatsBy::seat_model:
      return {"c.seat", "c.model"};
    case StatsBy::seat:
      return {"c.seat", "''"};
    case StatsBy::model:
      return {"c.model", "''"};
    case StatsBy::provider:
      return {"c.provider", "''"};
    case StatsBy::action:
      return {"c.action", "''"};
    case StatsBy::repository:
      return {"r.repository", "''"};
    case StatsBy::user:
      return {"r.user", "''"};
    case StatsBy::day:
      return {"date(c.at / 1000, 'unixepoch', 'localtime')", "''"};
    case StatsBy::step:
      return {"c.run", "c.step"};
  }
  return {"c.seat", "c.model"};
}

std::string grouped(const Dimension& by, const std::string& what, const std::string& table) {
  return std::string("SELECT ") + by.name + ", " + by.part + ", " + what + " FROM " + table +
         " c JOIN runs r ON r.id = c.run WHERE c.at >= ? GROUP BY 1, 2";
}

using Rows = std::map<std::pair<std::string, std::string>, LedgerStats>;

// Columns from the third on, into the members of the group's row.
Result<void> add_columns(Database& database, const std::string& sql, std::int64_t since_ms,
                         const std::function<void(LedgerStats&, const Statement&)>& put,
                         Rows& rows) {
  MIX_TRY(auto query, database.prepare(sql));
  query.bind(since_ms);
  for (;;) {
    MIX_TRY(const bool row, query.step());
    if (!row) return {};
    LedgerStats& stats = rows[{query.text(0), query.text(1)}];
    stats.name = query.text(0);
    stats.part = query.text(1);
    put(stats, query);
  }
}

void put_calls(LedgerStats& stats, const Statement& row) {
  stats.tries = row.integer(2);
  stats.errors = row.integer(3);
  stats.usage.input = row.integer(4);
  stats.usage.output = row.integer(5);
  stats.usage.cached_input = row.integer(6);
  stats.usage.cache_write = row.integer(7);
  stats.usage.reasoning = row.integer(8);
  stats.cost = Money{row.integer(9)};
  stats.wasted = Money{row.integer(10)};
}

void put_attempts(LedgerStats& stats, const Statement& row) {
  stats.attempts = row.integer(2);
  stats.accepted = row.integer(3);
  stats.climbed = row.integer(4);
  stats.edits = row.integer(5);
  stats.edits_bad = row.integer(6);
  stats.wholes = row.integer(7);
  stats.wholes_bad = row.integer(8);
}

void put_steps(LedgerStats& stats, const Statement& row) {
  stats.steps = row.integer(2);
  stats.verified = row.integer(3);
  stats.unverified = row.integer(4);
  stats.failed = row.integer(5);
}

// The least value that so many percent do not exceed.
std::int64_t percentile(const std::vector<std::int64_t>& sorted, std::size_t percent) {
  const std::size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

Result<void> add_latencies(Database& database, const Dimension& by, std::int64_t since_ms,
                           Rows& rows) {
  MIX_TRY(auto query, database.prepare(std::string("SELECT ") + by.name + ", " + by.part +
                                       ", c.ms FROM calls c JOIN runs r ON r.id = c.run "
                                       "WHERE c.at >= ? AND c.outcome = 'ok' ORDER BY 1, 2, 3"));
  query.bind(since_ms);
  std::map<std::pair<std::string, std::string>, std::vector<std::int64_t>> times;
  for (;;) {
    MIX_TRY(const bool row, query.step());
    if (!row) break;
    times[{query.text(0), query.text(1)}].push_back(query.integer(2));
  }
  for (const auto& [key, sorted] : times) {
    LedgerStats& stats = rows[key];
    stats.p50_ms = percentile(sorted, 50);
    stats.p95_ms = percentile(sorted, 95);
    stats.p99_ms = percentile(sorted, 99);
  }
  return {};
}

}  // namespace

Result<std::vector<LedgerRun>> Ledger::runs(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  MIX_TRY(auto* const database, this->database());
  MIX_TRY(auto query,
          database->prepare("SELECT id, repository, user, goal, subtype, verified, started, ended, "
                            "exit, pico, wasted FROM runs ORDER BY started DESC, id DESC LIMIT ?"));
  query.bind(static_cast<std::int64_t>(limit));
  std::vector<LedgerRun> found;
  for (;;) {
    MIX_TRY(const bool row, query.step());
    if (!row) return found;
    found.push_back({query.text(0), query.text(1), query.text(2), query.text(3), query.text(4),
                     query.text(5), query.integer(6), query.integer(7),
                     static_cast<int>(query.integer(8)), Money{query.integer(9)},
                     Money{query.integer(10)}});
  }
}

Result<std::vector<LedgerStats>> Ledger::stats(StatsBy by, std::int64_t since_ms) {
  const std::lock_guard lock(mutex_);
  MIX_TRY(auto* const database, this->database());
  const Dimension over = dimension(by);
  Rows rows;
  const std::string calls =
      "count(*), sum(c.outcome <> 'ok'), sum(c.input), sum(c.output), sum(c.cached), "
      "sum(c.cache_write), sum(c.reasoning), sum(c.pico), sum(c.wasted)";
  MIX_OK(add_columns(*database, grouped(over, calls, "calls"), since_ms, put_calls, rows));
  MIX_OK(add_latencies(*database, over, since_ms, rows));
  const std::string attempts =
      "count(*), sum(c.outcome = 'accepted'), sum(c.climbed), sum(c.edits), sum(c.edits_bad), "
      "sum(c.wholes), sum(c.wholes_bad)";
  MIX_OK(add_columns(*database, grouped(over, attempts, "attempts"), since_ms, put_attempts, rows));
  const std::string steps =
      "count(*), sum(c.status = 'verified'), sum(c.status = 'unverified'), "
      "sum(c.status = 'failed')";
  MIX_OK(add_columns(*database, grouped(over, steps, "steps"), since_ms, put_steps, rows));

  std::vector<LedgerStats> found;
  for (auto& [key, stats] : rows) found.push_back(std::move(stats));
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.cost > b.cost; });
  return found;
}

Result<std::vector<LedgerEdits>> Ledger::edits(std::int64_t since_ms) {
  const std::lock_guard lock(mutex_);
  MIX_TRY(auto* const database, this->database());
  MIX_TRY(auto query, database->prepare(
                          "SELECT model, sum(edits), sum(edits_bad), sum(wholes), sum(wholes_bad) "
                          "FROM attempts WHERE at >= ? GROUP BY model ORDER BY model"));
  query.bind(since_ms);
  std::vector<LedgerEdits> found;
  for (;;) {
    MIX_TRY(const bool row, query.step());
    if (!row) return found;
    found.push_back(
        {query.text(0), query.integer(1), query.integer(2), query.integer(3), query.integer(4)});
  }
}

Result<TokenSamples> Ledger::token_samples() {
  const std::lock_guard lock(mutex_);
  MIX_TRY(auto* const database, this->database());
  MIX_TRY(auto query, database->prepare("SELECT model, text, tools, parts, input FROM model_tokens "
                                        "ORDER BY at, rowid"));
  TokenSamples found;
  for (;;) {
    MIX_TRY(const bool row, query.step());
    if (!row) return found;
    found[query.text(0)].push_back(
        {{query.integer(1), query.integer(2), query.integer(3)}, query.integer(4)});
  }
}

}  // namespace mixagent
