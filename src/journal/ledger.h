#pragma once
// What all runs cost: an SQLite projection of the journals, for caps across runs, `cost` and
// `stats`. It may be deleted and rebuilt at any time, and a broken or locked database never fails a
// run: it then counts as empty and `trouble` says why. Opened at first use. Thread-safe.

#include "core/drift.h"
#include "system/sqlite.h"

#include "mixagent/clock.h"
#include "mixagent/event.h"
#include "mixagent/tools.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

struct LedgerRun {
  std::string id, repository, goal, verified;
  std::int64_t started_ms = 0, ended_ms = 0;  // ended 0: still running, or killed
  int exit_code = -1;                         // -1: no end recorded
  Money cost;
  bool operator==(const LedgerRun&) const = default;
};

struct LedgerModel {
  std::string seat, model, provider;
  std::int64_t calls = 0, input = 0, output = 0, cached_input = 0, ms = 0;
  Money cost;
  bool operator==(const LedgerModel&) const = default;
};

class Ledger final : public SpendLedger {
 public:
  // `own`: the run that is counted elsewhere, left out of the sums (may be empty).
  Ledger(std::filesystem::path file, Clock& clock, RunId own = {});

  Money spent_today() override;
  Money spent_this_month() override;

  // One run's facts so far; takes the place of what was recorded for it. Call at the end of a run,
  // or while it goes on.
  Result<void> record(const std::vector<Event>& events);
  // From the journals of these run directories. Those that do not read back are returned, not
  // fatal.
  Result<std::vector<Error>> rebuild(const std::vector<std::filesystem::path>& runs);

  Result<std::vector<LedgerRun>> runs(std::size_t limit = 1000);  // newest first
  // Spend by seat and model since then, dearest first.
  Result<std::vector<LedgerModel>> models(std::int64_t since_ms = 0);
  // Of every call that reported its usage, in the order of time.
  Result<std::vector<TokenSample>> token_samples();
  // Why sums could not be read; empty when all is well.
  std::string trouble();

 private:
  Result<Database*> database();
  Result<void> write(Database& database, const std::vector<Event>& events);
  Result<void> write_tokens(Database& database, const std::vector<Event>& events);
  Money spent_since(std::int64_t since_ms);

  const std::filesystem::path file_;
  Clock& clock_;
  const RunId own_;
  std::mutex mutex_;
  std::optional<Database> database_;
  std::string trouble_;
};

}  // namespace mixagent
