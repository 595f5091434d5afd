#pragma once
// Everything with an effect that a run may use, by reference. Built in one place (cli/wiring.cpp),
// faked in tests.

#include "mixagent/cancel.h"
#include "mixagent/chat_model.h"
#include "mixagent/clock.h"
#include "mixagent/config.h"
#include "mixagent/console.h"
#include "mixagent/context.h"
#include "mixagent/journal.h"
#include "mixagent/prompts.h"
#include "mixagent/sandbox.h"
#include "mixagent/workspace.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace mixagent {

class ModelRecords;
class SpendLedger;
class CheckMemory;

struct Tools {
  const Config& config;
  const Prompts& prompts;
  const Context& context;
  Clock& clock;
  Journal& journal;
  ChatModels& models;
  Sandbox& sandbox;
  Workspaces& workspaces;
  Console& console;
  SpendLedger& ledger;
  Cancel cancel;
  std::function<int()> stop_signal = nullptr;  // which signal asked to stop; 0 or empty: none
  ModelRecords* records = nullptr;             // of earlier runs; null: none
  CheckMemory* memory = nullptr;               // may be missing
};

// What checks showed on a tree, kept across runs: the same tree under the same toolchain shows the
// same again. `key` names command and tree. A loss costs a run of the check, never more.
// Thread-safe.
class CheckMemory {
 public:
  virtual ~CheckMemory() = default;
  virtual std::optional<std::string> recall(const std::string& key) = 0;
  virtual void remember(const std::string& key, const std::string& value) = 0;
};

// What all runs spent and hold open for calls under way, for caps that hold across processes.
struct SharedSpend {
  Money today, month;  // since local midnight, since the first of the month; what is open included
  Money open;          // the part of them that may still turn out cheaper
  bool open_elsewhere = false;  // living processes' calls are among it: waiting may make room
};

// Implemented in journal/ledger.cpp. Thread-safe. Never fails: a ledger that cannot be read or
// written counts what it knew last and this process.
class SpendLedger {
 public:
  virtual ~SpendLedger() = default;
  // Looks and books in one step that no other process can come between: `choose` sees what all
  // spent and says how much is held for a call, or nothing. Returns the hold, 0 when there is none.
  virtual std::int64_t hold(
      const std::function<std::optional<Money>(const SharedSpend&)>& choose) = 0;
  // The hold becomes what the call cost. Returns what all spent by now.
  virtual SharedSpend settle(std::int64_t hold, Money actual) = 0;
};

}  // namespace mixagent
