#include "journal/ledger.h"

#include "journal/reader.h"

#include <ctime>

namespace mixagent {
namespace {

// A later layout drops and rebuilds; nothing here is worth a migration.
constexpr std::int64_t layout = 1;
constexpr const char* tables = R"(
  DROP TABLE IF EXISTS runs;
  DROP TABLE IF EXISTS calls;
  CREATE TABLE runs(id TEXT PRIMARY KEY, repository TEXT, goal TEXT, started INTEGER, ended INTEGER,
                    exit INTEGER, verified TEXT, pico INTEGER) STRICT;
  CREATE TABLE calls(run TEXT, seat TEXT, model TEXT, provider TEXT, step TEXT, input INTEGER, output INTEGER,
                     cached INTEGER, pico INTEGER, ms INTEGER, at INTEGER) STRICT;
  CREATE INDEX calls_by_run ON calls(run);
  CREATE INDEX calls_by_time ON calls(at);
)";

// Beside the rest, so that it can come without dropping what is there.
constexpr const char* token_table = R"(
  CREATE TABLE IF NOT EXISTS tokens(run TEXT, model TEXT, bytes INTEGER, input INTEGER, at INTEGER) STRICT;
  CREATE INDEX IF NOT EXISTS tokens_by_run ON tokens(run);
)";

struct PaidCall {
  std::string seat, model, provider, step;
  Usage usage;
  Money cost;
  std::int64_t ms = 0;
};

std::optional<PaidCall> paid_call(const Fact& fact) {
  if (const auto* done = std::get_if<CallCompleted>(&fact)) {
    return PaidCall{done->seat,  done->model, done->provider, done->step,
                    done->usage, done->cost,  done->ms};
  }
  if (const auto* retried = std::get_if<CallRetried>(&fact);
      retried != nullptr && retried->cost.pico > 0) {
    return PaidCall{retried->seat, retried->model, "", retried->step, {}, retried->cost, 0};
  }
  if (const auto* over = std::get_if<CallFailedOver>(&fact);
      over != nullptr && over->cost.pico > 0) {
    return PaidCall{over->seat, over->from, "", over->step, {}, over->cost, 0};
  }
  if (const auto* failed = std::get_if<CallFailed>(&fact);
      failed != nullptr && failed->cost.pico > 0) {
    return PaidCall{failed->seat, failed->model, "", failed->step, {}, failed->cost, 0};
  }
  return std::nullopt;
}

LedgerRun summary_of(const std::vector<Event>& events) {
  LedgerRun run;
  run.id = events.front().run.text;
  run.started_ms = events.front().at_ms;
  for (const auto& event : events) {
    if (const auto* started = std::get_if<RunStarted>(&event.fact)) {
      run.repository = started->repository;
      run.goal = started->goal;
    } else if (const auto* completed = std::get_if<RunCompleted>(&event.fact)) {
      run.ended_ms = event.at_ms;
      run.exit_code = completed->result.exit_code;
      run.verified = std::string(enum_name(completed->result.verified));
    } else if (const auto call = paid_call(event.fact)) {
      run.cost += call->cost;
    }
  }
  return run;
}

// Local time: a cap for the day is a person's day.
std::int64_t start_of(std::int64_t now_ms, bool month) {
  const auto seconds = static_cast<std::time_t>(now_ms / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  local.tm_sec = local.tm_min = local.tm_hour = 0;
  if (month) local.tm_mday = 1;
  local.tm_isdst = -1;
  return static_cast<std::int64_t>(std::mktime(&local)) * 1000;
}

Result<void> prepare_layout(Database& database) {
  MIX_TRY(auto version, database.prepare("PRAGMA user_version"));
  MIX_TRY(const bool row, version.step());
  if (row && version.integer(0) == layout) return {};
  MIX_OK(version.run());
  return database.execute(std::string("BEGIN IMMEDIATE;") + tables +
                          "PRAGMA user_version=" + std::to_string(layout) + "; COMMIT;");
}

}  // namespace

Ledger::Ledger(std::filesystem::path file, Clock& clock, RunId own)
    : file_(std::move(file)), clock_(clock), own_(std::move(own)) {}

Result<Database*> Ledger::database() {
  if (!database_) {
    MIX_TRY(auto opened, Database::open(file_));
    MIX_OK(prepare_layout(opened));
    MIX_OK(opened.execute(token_table));
    database_ = std::move(opened);
  }
  return &*database_;
}

Money Ledger::spent_today() {
  return spent_since(start_of(clock_.wall_ms(), false));
}
Money Ledger::spent_this_month() {
  return spent_since(start_of(clock_.wall_ms(), true));
}

Money Ledger::spent_since(std::int64_t since_ms) {
  const std::lock_guard lock(mutex_);
  const auto sum = [&]() -> Result<Money> {
    MIX_TRY(auto* const database, this->database());
    MIX_TRY(auto query,
            database->prepare("SELECT sum(pico) FROM calls WHERE at >= ? AND run <> ?"));
    MIX_TRY([[maybe_unused]] const bool row, query.bind(since_ms).bind(own_.text).step());
    return Money{query.integer(0)};
  }();
  if (!sum) trouble_ = describe(sum.error());
  return sum.value_or(Money{});
}

Result<void> Ledger::record(const std::vector<Event>& events) {
  if (events.empty()) return {};
  const std::lock_guard lock(mutex_);
  MIX_TRY(auto* const database, this->database());
  MIX_OK(database->execute("BEGIN IMMEDIATE"));
  if (auto written = write(*database, events); !written) {
    (void)database->execute("ROLLBACK");
    return written;
  }
  return database->execute("COMMIT");
}

Result<void> Ledger::write(Database& database, const std::vector<Event>& events) {
  const auto run = summary_of(events);
  MIX_TRY(auto forget, database.prepare("DELETE FROM calls WHERE run = ?"));
  MIX_OK(forget.bind(run.id).run());
  MIX_OK(write_tokens(database, events));
  MIX_TRY(auto insert, database.prepare("INSERT OR REPLACE INTO runs VALUES(?,?,?,?,?,?,?,?)"));
  insert.bind(run.id).bind(run.repository).bind(run.goal).bind(run.started_ms).bind(run.ended_ms);
  MIX_OK(insert.bind(std::int64_t{run.exit_code}).bind(run.verified).bind(run.cost.pico).run());
  MIX_TRY(auto add, database.prepare("INSERT INTO calls VALUES(?,?,?,?,?,?,?,?,?,?,?)"));
  for (const auto& event : events) {
    const auto call = paid_call(event.fact);
    if (!call) continue;
    add.bind(run.id).bind(call->seat).bind(call->model).bind(call->provider).bind(call->step);
    add.bind(call->usage.input).bind(call->usage.output).bind(call->usage.cached_input);
    MIX_OK(add.bind(call->cost.pico).bind(call->ms).bind(event.at_ms).run());
  }
  return {};
}

Result<void> Ledger::write_tokens(Database& database, const std::vector<Event>& events) {
  const auto& run = events.front().run.text;
  MIX_TRY(auto forget, database.prepare("DELETE FROM tokens WHERE run = ?"));
  MIX_OK(forget.bind(run).run());
  MIX_TRY(auto add, database.prepare("INSERT INTO tokens VALUES(?,?,?,?,?)"));
  std::map<std::string, std::int64_t> prompt_bytes;  // by call
  for (const auto& event : events) {
    if (const auto* started = std::get_if<CallStarted>(&event.fact)) {
      prompt_bytes[started->key] = started->prompt_bytes;
    }
    const auto* done = std::get_if<CallCompleted>(&event.fact);
    if (done == nullptr || !done->usage.reported || prompt_bytes[done->key] <= 0) continue;
    add.bind(run).bind(done->model).bind(prompt_bytes[done->key]).bind(done->usage.input);
    MIX_OK(add.bind(event.at_ms).run());
  }
  return {};
}

Result<std::vector<TokenSample>> Ledger::token_samples() {
  const std::lock_guard lock(mutex_);
  MIX_TRY(auto* const database, this->database());
  MIX_TRY(auto query,
          database->prepare("SELECT model, bytes, input FROM tokens ORDER BY at, rowid"));
  std::vector<TokenSample> found;
  for (;;) {
    MIX_TRY(const bool row, query.step());
    if (!row) return found;
    found.push_back({query.text(0), query.integer(1), query.integer(2)});
  }
}

Result<std::vector<Error>> Ledger::rebuild(const std::vector<std::filesystem::path>& runs) {
  {
    const std::lock_guard lock(mutex_);
    MIX_TRY(auto* const database, this->database());
    MIX_OK(database->execute("DELETE FROM runs; DELETE FROM calls; DELETE FROM tokens"));
  }
  std::vector<Error> unreadable;
  for (const auto& run : runs) {
    const auto events = read_journal(run);
    if (events) {
      MIX_OK(record(*events));
    } else {
      unreadable.push_back(events.error());
    }
  }
  return unreadable;
}

Result<std::vector<LedgerRun>> Ledger::runs(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  MIX_TRY(auto* const database, this->database());
  MIX_TRY(auto query,
          database->prepare("SELECT id, repository, goal, verified, started, ended, exit, pico "
                            "FROM runs ORDER BY started DESC, id DESC LIMIT ?"));
  query.bind(static_cast<std::int64_t>(limit));
  std::vector<LedgerRun> found;
  for (;;) {
    MIX_TRY(const bool row, query.step());
    if (!row) return found;
    found.push_back({query.text(0), query.text(1), query.text(2), query.text(3), query.integer(4),
                     query.integer(5), static_cast<int>(query.integer(6)),
                     Money{query.integer(7)}});
  }
}

Result<std::vector<LedgerModel>> Ledger::models(std::int64_t since_ms) {
  const std::lock_guard lock(mutex_);
  MIX_TRY(auto* const database, this->database());
  MIX_TRY(auto query,
          database->prepare("SELECT seat, model, max(provider), count(*), sum(input), sum(output), "
                            "sum(cached), sum(ms), sum(pico) AS spent FROM calls WHERE at >= ? "
                            "GROUP BY seat, model ORDER BY spent DESC, seat, model"));
  query.bind(since_ms);
  std::vector<LedgerModel> found;
  for (;;) {
    MIX_TRY(const bool row, query.step());
    if (!row) return found;
    found.push_back({query.text(0), query.text(1), query.text(2), query.integer(3),
                     query.integer(4), query.integer(5), query.integer(6), query.integer(7),
                     Money{query.integer(8)}});
  }
}

std::string Ledger::trouble() {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace mixagent
