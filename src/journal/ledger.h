#pragma once
// What all runs cost: an SQLite projection of the journals, for caps across runs, `cost` and
// `stats`. It may be deleted and rebuilt at any time; only what running processes hold open for
// their calls stands nowhere else. A broken or locked database never fails a run: the caps then
// count this process and what was last seen of the others, and `trouble` says why. Opened at first
// use. Thread-safe.

#include "core/account.h"
#include "core/drift.h"
#include "system/sqlite.h"

#include "mixagent/clock.h"
#include "mixagent/event.h"
#include "mixagent/model_record.h"
#include "mixagent/tools.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

struct LedgerRun {
  std::string id, repository, user, goal, subtype, verified;
  std::int64_t started_ms = 0, ended_ms = 0;  // ended 0: still running, or killed
  int exit_code = -1;                         // -1: no end recorded
  Money cost, wasted;
  bool operator==(const LedgerRun&) const = default;
};

// What the rows of `stats` stand for.
enum class StatsBy { seat_model, seat, model, provider, action, repository, user, day, step };
constexpr std::array<std::string_view, 9> enum_names(StatsBy) {
  return {"seat+model", "seat", "model", "provider", "action", "repository", "user", "day", "step"};
}

struct LedgerStats {
  std::string name, part;  // part: the model, where the rows stand for a seat and a model
  std::int64_t tries = 0, errors = 0;  // of calls: all, and those without a usable answer
  Usage usage;
  Money cost, wasted;
  std::int64_t p50_ms = 0, p95_ms = 0, p99_ms = 0;                    // of answered calls
  std::int64_t attempts = 0, accepted = 0, climbed = 0;               // tries of steps
  std::int64_t edits = 0, edits_bad = 0, wholes = 0, wholes_bad = 0;  // edit_file, write_file
  std::int64_t steps = 0, verified = 0, unverified = 0, failed = 0;   // as they ended
  bool operator==(const LedgerStats&) const = default;
};

// How well a model's edits applied, for choosing its edit_format.
struct LedgerEdits {
  std::string model;
  std::int64_t edits = 0, edits_bad = 0, wholes = 0, wholes_bad = 0;
  bool operator==(const LedgerEdits&) const = default;
};

class Ledger final : public SpendLedger, public ModelRecords {
 public:
  // `own`: the run of this process; empty for commands that only look.
  Ledger(std::filesystem::path file, Clock& clock, RunId own = {});

  std::int64_t hold(const std::function<std::optional<Money>(const SharedSpend&)>& choose) override;
  SharedSpend settle(std::int64_t hold, Money actual) override;
  std::vector<TokenSample> token_samples(const std::string& model) override;
  EditCount edits(const std::string& model) override;

  // What all runs spent and hold. Zero when the database cannot be read.
  SharedSpend spend();

  // One run's facts so far; takes the place of what was recorded and held for it. For the process
  // that has the run open: before it goes on, and at its end.
  Result<void> record(const std::vector<Event>& events);
  // Journals that are not in the database as they are, but for runs that a living process has open.
  // Those that do not read back are returned, not fatal.
  Result<std::vector<Error>> refresh(const std::vector<std::filesystem::path>& runs);
  // The same from nothing: runs whose directories are gone are forgotten.
  Result<std::vector<Error>> rebuild(const std::vector<std::filesystem::path>& runs);

  Result<std::vector<LedgerRun>> runs(std::size_t limit = 1000);  // newest first
  // Since then, dearest first.
  Result<std::vector<LedgerStats>> stats(StatsBy by, std::int64_t since_ms = 0);
  Result<std::vector<LedgerEdits>> edits(std::int64_t since_ms = 0);
  Result<TokenSamples> token_samples();  // of every call that can be compared
  // Why the database could not be used; empty when all is well.
  std::string trouble();

 private:
  Result<Database*> database();
  Result<void> in_transaction(const std::function<Result<void>(Database&)>& work);
  Result<SharedSpend> read_spend(Database& database);
  SharedSpend without_database(const Error& error);
  Result<void> write(Database& database, const std::vector<Event>& events, std::int64_t bytes);

  const std::filesystem::path file_;
  Clock& clock_;
  const RunId own_;
  const std::string owner_;  // this process, for others to see whether it lives
  std::mutex mutex_;
  std::optional<Database> database_;
  std::string trouble_;
  // For when the database fails: what was seen of others, and what this process did.
  SharedSpend others_;
  Money own_spent_;
  struct Held {
    Money amount;
    bool stored = false;  // in the database
  };
  std::map<std::int64_t, Held> held_;
  std::int64_t next_unstored_ = -1;
};

// Local midnight, or the first of the month, before `now_ms`: a cap for the day is a person's day.
std::int64_t start_of_day(std::int64_t now_ms);
std::int64_t start_of_month(std::int64_t now_ms);

}  // namespace mixagent
