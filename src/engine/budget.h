#pragma once
// The hard cap. Money is reserved before a call and settled after it; what is reserved and what is
// spent never exceed a cap together. One of the few classes with a lock. Thread-safe.

#include "mixagent/cancel.h"
#include "mixagent/config.h"
#include "mixagent/error.h"
#include "mixagent/event.h"
#include "mixagent/money.h"
#include "mixagent/plan.h"
#include "mixagent/tools.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

// From which pot a call is paid.
struct Pot {
  std::string step;  // empty: planner, final review
  std::optional<Money> step_cap;
  bool above_first_rung = false;  // may draw on the escalation reserve
  std::string seat = {};          // set by whoever makes the call
};
// A step's own: its cap is the tighter one of the plan's and the configuration's. A seat with one
// rung has nobody above to keep money for.
Pot pot_of(const BudgetConfig& config, const Step& step, const Seat& seat, bool first_rung);

struct Ask {
  Money input_cost;                   // worst case of the prompt
  Money output_price;                 // per token
  std::int64_t want_output = 0;       // tokens: what seat and model allow
  std::int64_t least_output = 4'000;  // less is not worth asking for
};

struct Reservation {
  std::int64_t id = 0;
  std::int64_t max_output = 0;
  Money amount;
  std::int64_t hold = 0;  // the ledger's
};

// What a run spent before this process took it up, by what the caps look at.
struct SpentBefore {
  Money all, first_rung;
  std::map<std::string, Money> by_step, by_seat;
};
SpentBefore spent_before(const std::vector<Event>& events, const Lineup& lineup);

class Budget {
 public:
  // `warn` is called at 50, 80 and 95 percent of the caps of run, day, month and seats, once each.
  Budget(const BudgetConfig& config, SpendLedger& ledger,
         std::function<void(const BudgetWarning&)> warn);

  // Waits while the pot only misses because other calls are open. Error budget names the cap that
  // is reached and what would be needed; cancelled when asked to stop.
  Result<Reservation> reserve(const Pot& pot, const Ask& ask, const Cancel& cancel);
  void settle(const Reservation& reservation, Money actual);
  // Before the first call of a resumed run. What was warned of then is not warned of again.
  void already_spent(SpentBefore before);

  Money spent() const;
  Money open() const;  // reserved for calls under way

 private:
  struct Room {
    Money free;  // under the tightest cap
    bool others_open = false;
    std::string cap;  // "run_usd $2.00"
  };
  Room room(const Pot& pot, const SharedSpend& shared) const;
  std::vector<BudgetWarning> due(const SharedSpend& shared);

  const BudgetConfig config_;
  SpendLedger& ledger_;
  std::function<void(const BudgetWarning&)> warn_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  struct Open {
    Money amount;
    std::string step, seat;
    bool above_first_rung = false;
  };
  std::map<std::int64_t, Open> open_;
  SpentBefore spent_;
  std::int64_t next_id_ = 1;
  std::map<std::string, int> warned_;  // percent, by configuration key
};

}  // namespace mixagent
