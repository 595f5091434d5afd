#pragma once
// The hard cap. Money is reserved before a call and settled after it; what is reserved and what is
// spent never exceed a cap together. One of the few classes with a lock. Thread-safe.

#include "mixagent/cancel.h"
#include "mixagent/config.h"
#include "mixagent/error.h"
#include "mixagent/money.h"
#include "mixagent/tools.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace mixagent {

// From which pot a call is paid.
struct Pot {
  std::string step;  // empty: planner, final review
  std::optional<Money> step_cap;
  bool above_first_rung = false;  // may draw on the escalation reserve
};

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
};

class Budget {
 public:
  Budget(const BudgetConfig& config, SpendLedger& ledger,
         std::function<void(int percent, Money spent, Money cap)> warn);

  // Waits while the pot only misses because other calls are open. Error budget names the cap that
  // is reached and what would be needed; cancelled when asked to stop.
  Result<Reservation> reserve(const Pot& pot, const Ask& ask, const Cancel& cancel);
  void settle(const Reservation& reservation, Money actual);
  // Spent before this process, in all and by step: a resumed run.
  void already_spent(Money amount, const std::map<std::string, Money>& by_step);

  Money spent() const;

 private:
  struct Room {
    Money free;  // under the tightest cap
    bool others_open = false;
    std::string cap;  // "run_usd $2.00"
  };
  Room room(const Pot& pot) const;

  const BudgetConfig config_;
  SpendLedger& ledger_;
  std::function<void(int, Money, Money)> warn_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  struct Open {
    Money amount;
    std::string step;
    bool above_first_rung = false;
  };
  std::map<std::int64_t, Open> open_;
  std::map<std::string, Money> spent_by_step_;
  Money spent_, spent_first_rung_;
  Money today_, month_;  // of other runs, read once
  std::int64_t next_id_ = 1;
  int warned_percent_ = 0;
};

}  // namespace mixagent
