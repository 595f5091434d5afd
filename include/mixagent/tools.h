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

#include <functional>

namespace mixagent {

class SpendLedger;

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
};

// What all runs spent, for the day and month caps. Implemented in journal/ledger.cpp. Thread-safe.
class SpendLedger {
 public:
  virtual ~SpendLedger() = default;
  // Money settled by other runs since local midnight / the first of the month.
  virtual Money spent_today() = 0;
  virtual Money spent_this_month() = 0;
};

}  // namespace mixagent
