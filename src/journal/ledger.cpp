#include "journal/ledger.h"

#include "journal/ledger_models.h"
#include "journal/reader.h"
#include "system/files.h"
#include "system/process_stamp.h"

#include <ctime>
#include <set>

namespace mixagent {

namespace {

// A later layout drops and rebuilds what journals hold; nothing here is worth a migration. `holds`
// is what calls under way keep open and, until their run is recorded, what they cost. `spent` sums
// the calls by quarters of an hour, at whose ends the days of all time zones begin: every hold
// asks.
constexpr std::int64_t layout = 5;
constexpr const char* tables = R"(
  DROP TABLE IF EXISTS runs;
  DROP TABLE IF EXISTS calls;
  DROP TABLE IF EXISTS attempts;
  DROP TABLE IF EXISTS steps;
  DROP TABLE IF EXISTS holds;
  DROP TABLE IF EXISTS spent;
  CREATE TABLE runs(id TEXT PRIMARY KEY, repository TEXT, user TEXT, goal TEXT, subtype TEXT,
                    verified TEXT, started INTEGER, ended INTEGER, exit INTEGER, pico INTEGER,
                    wasted INTEGER, bytes INTEGER) STRICT;
  CREATE TABLE calls(run TEXT, step TEXT, attempt INTEGER, seat TEXT, model TEXT, provider TEXT,
                     action TEXT, outcome TEXT, kind TEXT, input INTEGER, output INTEGER,
                     cached INTEGER, cache_write INTEGER, reasoning INTEGER, pico INTEGER,
                     wasted INTEGER, ms INTEGER, at INTEGER) STRICT;
  CREATE TABLE attempts(run TEXT, step TEXT, attempt INTEGER, rung INTEGER, seat TEXT, model TEXT,
                        provider TEXT, action TEXT, difficulty TEXT, outcome TEXT, climbed INTEGER,
                        edits INTEGER, edits_bad INTEGER, wholes INTEGER, wholes_bad INTEGER,
                        pico INTEGER, wasted INTEGER, at INTEGER) STRICT;
  CREATE TABLE steps(run TEXT, step TEXT, title TEXT, seat TEXT, model TEXT, provider TEXT,
                     action TEXT, difficulty TEXT, status TEXT, attempts INTEGER, pico INTEGER,
                     wasted INTEGER, at INTEGER) STRICT;
  CREATE TABLE holds(id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT, owner TEXT, pico INTEGER,
                     open INTEGER, lease INTEGER, at INTEGER) STRICT;
  CREATE TABLE spent(quarter INTEGER PRIMARY KEY, pico INTEGER) STRICT;
  CREATE TRIGGER calls_come AFTER INSERT ON calls BEGIN
    INSERT INTO spent VALUES(new.at / 900000, new.pico)
      ON CONFLICT(quarter) DO UPDATE SET pico = pico + excluded.pico;
  END;
  CREATE TRIGGER calls_go AFTER DELETE ON calls BEGIN
    UPDATE spent SET pico = pico - old.pico WHERE quarter = old.at / 900000;
  END;
  CREATE INDEX calls_by_run ON calls(run);
  CREATE INDEX attempts_by_run ON attempts(run);
  CREATE INDEX steps_by_run ON steps(run);
)";

constexpr std::int64_t quarter_ms = 900'000;

// After its owner's last word for so long a hold is no longer under way, wherever the owner lives.
// It still counts: the call may have been billed.
constexpr std::int64_t lease_ms = 15 * 60 * 1000;

LedgerRun summary_of(const std::vector<Event>& events, const Account& account) {
  LedgerRun run;
  run.id = events.front().run.text;
  run.started_ms = events.front().at_ms;
  run.repository = account.state.started.repository;
  run.user = account.state.started.user;
  run.goal = account.state.started.goal;
  for (const CallRow& call : account.calls) {
    run.cost += call.cost;
    run.wasted += call.wasted;
  }
  if (account.state.completed) {
    run.ended_ms = account.state.last_ms;
    run.exit_code = account.state.result.exit_code;
    run.subtype = account.state.result.subtype;
    run.verified = std::string(enum_name(account.state.result.verified));
  }
  return run;
}

std::int64_t start_of(std::int64_t now_ms, bool month) {
  const auto seconds = static_cast<std::time_t>(now_ms / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  local.tm_sec = local.tm_min = local.tm_hour = 0;
  if (month) local.tm_mday = 1;
  local.tm_isdst = -1;
  return static_cast<std::int64_t>(std::mktime(&local)) * 1000;
}

Result<bool> has_layout(Database& database) {
  MIX_TRY(auto version, database.prepare("PRAGMA user_version"));
  MIX_TRY(const bool row, version.step());
  return row && version.integer(0) == layout;
}

// Of several processes that find an old layout, the first makes the new one.
Result<void> prepare_layout(Database& database) {
  MIX_TRY(const bool there, has_layout(database));
  if (there) return {};
  MIX_OK(database.execute("BEGIN IMMEDIATE"));
  const auto made = [&]() -> Result<void> {
    MIX_TRY(const bool meanwhile, has_layout(database));
    if (meanwhile) return {};
    return database.execute(std::string(tables) + model_tables +
                            "PRAGMA user_version=" + std::to_string(layout) + ";");
  }();
  const auto ended = database.execute(made ? "COMMIT" : "ROLLBACK");
  return made ? ended : made;
}

// Some process works on it: its own records are newer than what we could read.
bool under_way(const std::filesystem::path& run) {
  const std::string holder = lock_holder(run / "lock");
  return !holder.empty() && process_runs(holder);
}

std::int64_t size_of(const std::filesystem::path& file) {
  std::error_code gone;
  const auto size = std::filesystem::file_size(file, gone);
  return gone ? 0 : static_cast<std::int64_t>(size);
}

}  // namespace

std::int64_t start_of_day(std::int64_t now_ms) {
  return start_of(now_ms, false);
}
std::int64_t start_of_month(std::int64_t now_ms) {
  return start_of(now_ms, true);
}

Ledger::Ledger(std::filesystem::path file, Clock& clock, RunId own)
    : file_(std::move(file)), clock_(clock), own_(std::move(own)), owner_(process_stamp()) {}

Result<Database*> Ledger::database() {
  if (!database_) {
    MIX_TRY(auto opened, Database::open(file_));
    MIX_OK(prepare_layout(opened));
    database_ = std::move(opened);
  }
  return &*database_;
}

Result<void> Ledger::in_transaction(const std::function<Result<void>(Database&)>& work) {
  MIX_TRY(auto* const database, this->database());
  MIX_OK(database->execute("BEGIN IMMEDIATE"));
  auto done = work(*database);
  if (done) done = database->execute("COMMIT");
  if (!done) (void)database->execute("ROLLBACK");
  return done;
}

// ---- what is spent and held ---------------------------------------------------------------------

Result<SharedSpend> Ledger::read_spend(Database& database) {
  const std::int64_t now = clock_.wall_ms();
  const std::int64_t day = start_of_day(now), month = start_of_month(now);
  SharedSpend spend;
  MIX_TRY(auto calls, database.prepare("SELECT sum(pico) FILTER (WHERE quarter >= ?), "
                                       "sum(pico) FROM spent WHERE quarter >= ?"));
  calls.bind(day / quarter_ms).bind(month / quarter_ms);
  MIX_TRY([[maybe_unused]] const bool first, calls.step());
  spend.today = Money{calls.integer(0)};
  spend.month = Money{calls.integer(1)};
  MIX_TRY(auto holds, database.prepare("SELECT pico, open, lease, at, owner FROM holds"));
  std::map<std::string, bool> lives;
  for (;;) {
    MIX_TRY(const bool row, holds.step());
    if (!row) return spend;
    const Money held{holds.integer(0)};
    const std::string owner = holds.text(4);
    bool open = holds.integer(1) != 0 && holds.integer(2) > now;
    if (open && owner != owner_) {
      const auto [known, fresh] = lives.try_emplace(owner, false);
      if (fresh) known->second = process_lives(owner);
      open = known->second;
      spend.open_elsewhere = spend.open_elsewhere || open;
    }
    if (open) spend.open += held;
    // What is open now is settled now.
    const std::int64_t at = open ? now : holds.integer(3);
    if (at >= day) spend.today += held;
    if (at >= month) spend.month += held;
  }
}

SharedSpend Ledger::without_database(const Error& error) {
  trouble_ = describe(error);
  SharedSpend spend = others_;
  Money own = own_spent_;
  for (const auto& [id, held] : held_) {
    own += held.amount;
    spend.open += held.amount;
  }
  spend.today += own;
  spend.month += own;
  return spend;
}

SharedSpend Ledger::spend() {
  const std::lock_guard lock(mutex_);
  const auto read = [&]() -> Result<SharedSpend> {
    MIX_TRY(auto* const database, this->database());
    return read_spend(*database);
  }();
  return read ? *read : without_database(read.error());
}

std::int64_t Ledger::hold(const std::function<std::optional<Money>(const SharedSpend&)>& choose) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = clock_.wall_ms();
  std::optional<Money> amount;
  std::int64_t id = 0;
  bool looked = false;
  const auto held = in_transaction([&](Database& database) -> Result<void> {
    MIX_TRY(const SharedSpend spend, read_spend(database));
    looked = true;
    others_ = spend;
    others_.open = {};
    others_.open_elsewhere = false;
    for (const auto& [other, mine] : held_) {
      if (mine.stored) others_.today -= mine.amount, others_.month -= mine.amount;
    }
    others_.today -= own_spent_;
    others_.month -= own_spent_;
    amount = choose(spend);
    if (!amount) return {};
    MIX_TRY(auto renew,
            database.prepare("UPDATE holds SET lease = ? WHERE owner = ? AND open = 1"));
    MIX_OK(renew.bind(now + lease_ms).bind(owner_).run());
    MIX_TRY(auto insert, database.prepare("INSERT INTO holds(run, owner, pico, open, lease, at) "
                                          "VALUES(?, ?, ?, 1, ?, ?)"));
    insert.bind(own_.text).bind(owner_).bind(amount->pico);
    MIX_OK(insert.bind(now + lease_ms).bind(now).run());
    MIX_TRY(auto made, database.prepare("SELECT last_insert_rowid()"));
    MIX_TRY([[maybe_unused]] const bool row, made.step());
    id = made.integer(0);
    return {};
  });
  if (!held) {
    const SharedSpend spend = without_database(held.error());
    if (!looked) amount = choose(spend);
    id = next_unstored_--;
  }
  if (!amount) return 0;
  held_[id] = {*amount, held.has_value()};
  return id;
}

SharedSpend Ledger::settle(std::int64_t hold, Money actual) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(hold);
  const bool stored = found != held_.end() && found->second.stored;
  if (found != held_.end()) held_.erase(found);
  own_spent_ += actual;
  SharedSpend spend;
  const auto settled = in_transaction([&](Database& database) -> Result<void> {
    if (stored) {
      // Whatever became of the row, the money is spent.
      MIX_TRY(auto close, database.prepare(
                              "INSERT OR REPLACE INTO holds(id, run, owner, pico, open, lease, at) "
                              "VALUES(?, ?, ?, ?, 0, 0, ?)"));
      close.bind(hold).bind(own_.text).bind(owner_).bind(actual.pico);
      MIX_OK(close.bind(clock_.wall_ms()).run());
    } else if (actual.pico > 0) {
      MIX_TRY(auto insert, database.prepare("INSERT INTO holds(run, owner, pico, open, lease, at) "
                                            "VALUES(?, ?, ?, 0, 0, ?)"));
      insert.bind(own_.text).bind(owner_).bind(actual.pico);
      MIX_OK(insert.bind(clock_.wall_ms()).run());
    }
    MIX_TRY(spend, read_spend(database));
    return {};
  });
  return settled ? spend : without_database(settled.error());
}

// ---- what journals say --------------------------------------------------------------------------

Result<void> Ledger::record(const std::vector<Event>& events) {
  if (events.empty()) return {};
  const std::lock_guard lock(mutex_);
  return in_transaction([&](Database& database) { return write(database, events, 0); });
}

Result<void> Ledger::write(Database& database, const std::vector<Event>& events,
                           std::int64_t bytes) {
  const Account account = account_of(events);
  const auto run = summary_of(events, account);
  for (const char* table : {"calls", "attempts", "steps", "holds"}) {
    MIX_TRY(auto forget, database.prepare(std::string("DELETE FROM ") + table + " WHERE run = ?"));
    MIX_OK(forget.bind(run.id).run());
  }
  MIX_TRY(auto put,
          database.prepare("INSERT OR REPLACE INTO runs VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"));
  put.bind(run.id).bind(run.repository).bind(run.user).bind(run.goal).bind(run.subtype);
  put.bind(run.verified).bind(run.started_ms).bind(run.ended_ms).bind(std::int64_t{run.exit_code});
  MIX_OK(put.bind(run.cost.pico).bind(run.wasted.pico).bind(bytes).run());

  MIX_TRY(auto call,
          database.prepare("INSERT INTO calls VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  for (const CallRow& row : account.calls) {
    call.bind(run.id).bind(row.step).bind(std::int64_t{row.attempt}).bind(row.seat);
    call.bind(row.model).bind(row.provider).bind(row.action).bind(row.outcome).bind(row.kind);
    call.bind(row.usage.input).bind(row.usage.output).bind(row.usage.cached_input);
    call.bind(row.usage.cache_write).bind(row.usage.reasoning).bind(row.cost.pico);
    MIX_OK(call.bind(row.wasted.pico).bind(row.ms).bind(row.at_ms).run());
  }
  MIX_TRY(auto attempt,
          database.prepare("INSERT INTO attempts VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  for (const AttemptRow& row : account.attempts) {
    attempt.bind(run.id).bind(row.step).bind(std::int64_t{row.attempt});
    attempt.bind(std::int64_t{row.rung}).bind(row.seat).bind(row.model).bind(row.provider);
    attempt.bind(row.action).bind(row.difficulty).bind(row.outcome);
    for (const int n : {row.climbed ? 1 : 0, row.edits, row.edits_bad, row.wholes, row.wholes_bad})
      attempt.bind(std::int64_t{n});
    MIX_OK(attempt.bind(row.cost.pico).bind(row.wasted.pico).bind(row.at_ms).run());
  }
  MIX_TRY(auto step, database.prepare("INSERT INTO steps VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  for (const StepRow& row : account.steps) {
    step.bind(run.id).bind(row.step).bind(row.title).bind(row.seat).bind(row.model);
    step.bind(row.provider).bind(row.action).bind(row.difficulty).bind(row.status);
    step.bind(std::int64_t{row.attempts}).bind(row.cost.pico).bind(row.wasted.pico);
    MIX_OK(step.bind(row.at_ms).run());
  }
  return write_model_records(database, run.id, events);
}

Result<std::vector<Error>> Ledger::refresh(const std::vector<std::filesystem::path>& runs) {
  const std::lock_guard lock(mutex_);
  MIX_TRY(auto* const database, this->database());
  std::vector<Error> unreadable;
  for (const auto& run : runs) {
    const std::int64_t bytes = size_of(run / "events.jsonl");
    MIX_TRY(auto known, database->prepare("SELECT 1 FROM runs WHERE bytes = ? AND id = ?"));
    MIX_TRY(const bool same, known.bind(bytes).bind(run.filename().string()).step());
    MIX_OK(known.run());
    if (same || under_way(run)) continue;
    const auto events = read_journal(run);
    if (!events) {
      unreadable.push_back(events.error());
    } else if (!events->empty()) {
      MIX_OK(in_transaction([&](Database& open) { return write(open, *events, bytes); }));
    }
  }
  return unreadable;
}

Result<std::vector<Error>> Ledger::rebuild(const std::vector<std::filesystem::path>& runs) {
  {
    const std::lock_guard lock(mutex_);
    MIX_OK(in_transaction([](Database& database) {
      // What a run under way had paid before stays: it is recorded again at its end.
      return database.execute(
          "DELETE FROM runs; DELETE FROM attempts; DELETE FROM steps; "
          "DELETE FROM model_tokens; DELETE FROM model_edits; "
          "DELETE FROM calls WHERE run NOT IN (SELECT run FROM holds)");
    }));
  }
  return refresh(runs);
}

std::vector<TokenSample> Ledger::token_samples(const std::string& model) {
  const std::lock_guard lock(mutex_);
  const auto samples =
      database().and_then([&](Database* database) { return read_token_samples(*database, model); });
  if (!samples) trouble_ = describe(samples.error());
  return samples.value_or(std::vector<TokenSample>{});
}

EditCount Ledger::edits(const std::string& model) {
  const std::lock_guard lock(mutex_);
  const auto count =
      database().and_then([&](Database* database) { return read_edit_count(*database, model); });
  if (!count) trouble_ = describe(count.error());
  return count.value_or(EditCount{});
}

std::string Ledger::trouble() {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace mixagent
