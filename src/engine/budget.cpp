#include "engine/budget.h"

#include "core/account.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace mixagent {

namespace {

// Longest wait between two looks at the cancel's deadline.
constexpr auto look_again = std::chrono::milliseconds(200);

// How many output tokens fit into `free` after the prompt is paid.
std::int64_t affordable_output(Money free, const Ask& ask) {
  if (free < ask.input_cost) return -1;
  if (ask.output_price.pico <= 0) return ask.want_output;
  return std::min(ask.want_output, (free - ask.input_cost).pico / ask.output_price.pico);
}

Money value_at(const std::map<std::string, Money>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? Money{} : found->second;
}

Money share_of(Money cap, double share) {
  return Money{static_cast<std::int64_t>(static_cast<double>(cap.pico) * share)};
}

}  // namespace

Pot pot_of(const BudgetConfig& config, const Step& step, const Seat& seat, bool first_rung) {
  Pot pot;
  pot.step = step.id;
  pot.step_cap = config.step;
  if (step.budget_usd) {
    const auto own = money_from_usd(*step.budget_usd);
    if (own && (!pot.step_cap || *own < *pot.step_cap)) pot.step_cap = *own;
  }
  pot.above_first_rung = !first_rung || seat.ladder.size() == 1;
  return pot;
}

SpentBefore spent_before(const std::vector<Event>& events, const Lineup& lineup) {
  const Account account = account_of(events);
  SpentBefore spent;
  for (const CallRow& call : account.calls) {
    spent.all += call.cost;
    spent.by_seat[call.seat] += call.cost;
    if (call.step.empty()) continue;
    spent.by_step[call.step] += call.cost;
    // As attempts decide it: the only rung of a ladder keeps nothing for those above.
    const auto attempt =
        std::find_if(account.attempts.begin(), account.attempts.end(), [&](const AttemptRow& row) {
          return row.step == call.step && row.attempt == call.attempt;
        });
    const Seat* seat = attempt == account.attempts.end() ? nullptr : lineup.seat(attempt->seat);
    if (call.rung == 0 && (seat == nullptr || seat->ladder.size() > 1))
      spent.first_rung += call.cost;
  }
  return spent;
}

Budget::Budget(const BudgetConfig& config, SpendLedger& ledger,
               std::function<void(const BudgetWarning&)> warn)
    : config_(config), ledger_(ledger), warn_(std::move(warn)) {}

// ---- the caps -----------------------------------------------------------------------------------

Budget::Room Budget::room(const Pot& pot, const SharedSpend& shared) const {
  Money open_all, open_step, open_first, open_seat;
  for (const auto& [id, open] : open_) {
    open_all += open.amount;
    if (!open.step.empty() && !open.above_first_rung) open_first += open.amount;
    if (!pot.step.empty() && open.step == pot.step) open_step += open.amount;
    if (open.seat == pot.seat) open_seat += open.amount;
  }
  Room tightest{{std::int64_t{1} << 62}, false, ""};
  // `open`: what others hold of it and may give back.
  const auto limit = [&](Money cap, Money spent, Money open, bool waits, const std::string& name) {
    if (cap - spent - open >= tightest.free) return;
    tightest = {cap - spent - open, waits || open.pico > 0, name + " " + format_usd(cap)};
  };
  if (config_.run) {
    limit(*config_.run, spent_.all, open_all, false, "the run's cap run_usd");
    if (!pot.step.empty() && !pot.above_first_rung) {
      limit(*config_.run - share_of(*config_.run, config_.escalation_reserve), spent_.first_rung,
            open_first, false, "the first rungs' share of run_usd");
    }
  }
  if (const auto cap = config_.seats.find(pot.seat); cap != config_.seats.end()) {
    limit(cap->second, value_at(spent_.by_seat, pot.seat), open_seat, false,
          "the cap budget.seats." + pot.seat);
  }
  const bool waits = shared.open_elsewhere || open_all.pico > 0;
  if (config_.day) limit(*config_.day, shared.today, {}, waits, "the day's cap day_usd");
  if (config_.month) limit(*config_.month, shared.month, {}, waits, "the month's cap month_usd");
  if (pot.step_cap) {
    Money cap = *pot.step_cap;
    if (pot.above_first_rung && config_.run) {
      cap += share_of(*config_.run, config_.escalation_reserve);
    }
    limit(cap, value_at(spent_.by_step, pot.step), open_step, false, "the step's cap step_usd");
  }
  return tightest;
}

// What was passed and not told yet.
std::vector<BudgetWarning> Budget::due(const SharedSpend& shared) {
  std::vector<BudgetWarning> warnings;
  const auto look = [&](const std::string& key, const std::optional<Money>& cap, Money spent) {
    if (!cap || cap->pico <= 0) return;
    const double share = 100.0 * to_usd(spent) / to_usd(*cap);
    int& warned = warned_[key];
    int now = 0;
    for (const int percent : std::array{50, 80, 95}) {
      if (share >= percent && percent > warned) now = percent;
    }
    if (now == 0) return;
    warned = now;
    warnings.push_back({now, spent, *cap, key});
  };
  look("budget.run_usd", config_.run, spent_.all);
  for (const auto& [seat, cap] : config_.seats) {
    look("budget.seats." + seat, cap, value_at(spent_.by_seat, seat));
  }
  look("budget.day_usd", config_.day, shared.today - shared.open);
  look("budget.month_usd", config_.month, shared.month - shared.open);
  return warnings;
}

// ---- reserve, settle ----------------------------------------------------------------------------

Result<Reservation> Budget::reserve(const Pot& pot, const Ask& ask, const Cancel& cancel) {
  const std::int64_t least = std::min(ask.least_output, ask.want_output);
  std::unique_lock lock(mutex_);
  while (true) {
    if (cancel.requested()) return fail(ErrorCode::cancelled, "stopped before a model call");
    Room now;
    Reservation made;
    // Own caps and those across processes in one look: nobody comes between.
    const auto choose = [&](const SharedSpend& shared) -> std::optional<Money> {
      now = room(pot, shared);
      made.max_output = affordable_output(now.free, ask);
      if (made.max_output < least) return {};
      made.amount = ask.input_cost + ask.output_price * made.max_output;
      made.id = next_id_++;
      return made.amount;
    };
    const bool free = ask.input_cost.pico == 0 && ask.output_price.pico == 0;
    if (free) {
      (void)choose({});
    } else {
      made.hold = ledger_.hold(choose);
    }
    if (made.id != 0) {
      open_[made.id] = {made.amount, pot.step, pot.seat, pot.above_first_rung};
      return made;
    }
    if (!now.others_open) {
      return fail(ErrorCode::budget,
                  now.cap + " leaves " + format_usd(std::max(now.free, Money{})) +
                      ", the next call needs up to " +
                      format_usd(ask.input_cost + ask.output_price * least),
                  pot.step.empty() ? "" : "step " + pot.step,
                  "raise it with --max-budget-usd or in [budget]");
    }
    changed_.wait_for(lock, cancel.stop, look_again, [] { return false; });
  }
}

void Budget::settle(const Reservation& reservation, Money actual) {
  std::vector<BudgetWarning> warnings;
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(reservation.id);
    MIX_CHECK(found != open_.end(), "a reservation is settled once");
    const Open& open = found->second;
    spent_.all += actual;
    spent_.by_seat[open.seat] += actual;
    if (!open.step.empty()) {
      spent_.by_step[open.step] += actual;
      if (!open.above_first_rung) spent_.first_rung += actual;
    }
    open_.erase(found);
    if (reservation.hold != 0 || actual.pico > 0) {
      warnings = due(ledger_.settle(reservation.hold, actual));
    }
  }
  changed_.notify_all();
  for (const BudgetWarning& warning : warnings) {
    if (warn_) warn_(warning);
  }
}

void Budget::already_spent(SpentBefore before) {
  const std::lock_guard lock(mutex_);
  spent_ = std::move(before);
  (void)due({});
}

Money Budget::spent() const {
  const std::lock_guard lock(mutex_);
  return spent_.all;
}

Money Budget::open() const {
  const std::lock_guard lock(mutex_);
  Money sum;
  for (const auto& [id, open] : open_) sum += open.amount;
  return sum;
}

}  // namespace mixagent
