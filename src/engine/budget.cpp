#include "engine/budget.h"

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

}  // namespace

Budget::Budget(const BudgetConfig& config, SpendLedger& ledger,
               std::function<void(int, Money, Money)> warn)
    : config_(config), ledger_(ledger), warn_(std::move(warn)) {
  if (config_.day) today_ = ledger_.spent_today();
  if (config_.month) month_ = ledger_.spent_this_month();
}

Budget::Room Budget::room(const Pot& pot) const {
  Money open_all, open_step, open_first;
  for (const auto& [id, open] : open_) {
    open_all += open.amount;
    if (!open.above_first_rung) open_first += open.amount;
    if (!pot.step.empty() && open.step == pot.step) open_step += open.amount;
  }
  const auto reserve = [&](Money cap) {
    return Money{
        static_cast<std::int64_t>(static_cast<double>(cap.pico) * config_.escalation_reserve)};
  };

  Room tightest{{std::int64_t{1} << 62}, !open_.empty(), ""};
  const auto limit = [&](Money cap, Money used, const std::string& name) {
    if (cap - used < tightest.free) {
      tightest.free = cap - used;
      tightest.cap = name + " " + format_usd(cap);
    }
  };
  if (config_.run) {
    limit(*config_.run, spent_ + open_all, "the run's cap run_usd");
    if (!pot.step.empty() && !pot.above_first_rung) {
      limit(*config_.run - reserve(*config_.run), spent_first_rung_ + open_first,
            "the first rungs' share of run_usd");
    }
  }
  if (config_.day) limit(*config_.day, today_ + spent_ + open_all, "the day's cap day_usd");
  if (config_.month) limit(*config_.month, month_ + spent_ + open_all, "the month's cap month_usd");
  if (pot.step_cap) {
    const auto found = spent_by_step_.find(pot.step);
    const Money used = (found == spent_by_step_.end() ? Money{} : found->second) + open_step;
    Money cap = *pot.step_cap;
    if (pot.above_first_rung && config_.run) cap += reserve(*config_.run);
    limit(cap, used, "the step's cap step_usd");
  }
  return tightest;
}

Result<Reservation> Budget::reserve(const Pot& pot, const Ask& ask, const Cancel& cancel) {
  std::unique_lock lock(mutex_);
  while (true) {
    if (cancel.requested()) return fail(ErrorCode::cancelled, "stopped before a model call");
    const Room now = room(pot);
    const std::int64_t output = affordable_output(now.free, ask);
    if (output >= std::min(ask.least_output, ask.want_output)) {
      const Reservation made{next_id_++, output, ask.input_cost + ask.output_price * output};
      open_[made.id] = {made.amount, pot.step, pot.above_first_rung};
      return made;
    }
    if (!now.others_open) {
      const Money needed =
          ask.input_cost + ask.output_price * std::min(ask.least_output, ask.want_output);
      return fail(ErrorCode::budget,
                  now.cap + " leaves " + format_usd(std::max(now.free, Money{})) +
                      ", the next call needs up to " + format_usd(needed),
                  pot.step.empty() ? "" : "step " + pot.step,
                  "raise it with --max-budget-usd or in [budget]");
    }
    changed_.wait_for(lock, cancel.stop, look_again, [] { return false; });
  }
}

void Budget::settle(const Reservation& reservation, Money actual) {
  int warn_at = 0;
  Money spent;
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(reservation.id);
    MIX_CHECK(found != open_.end(), "a reservation is settled once");
    spent_ += actual;
    if (!found->second.above_first_rung && !found->second.step.empty()) spent_first_rung_ += actual;
    if (!found->second.step.empty()) spent_by_step_[found->second.step] += actual;
    open_.erase(found);
    spent = spent_;
    if (config_.run && config_.run->pico > 0) {
      const double share = 100.0 * to_usd(spent_) / to_usd(*config_.run);
      for (const int percent : std::array{50, 80, 95}) {
        if (share >= percent && percent > warned_percent_) warn_at = warned_percent_ = percent;
      }
    }
  }
  changed_.notify_all();
  if (warn_at > 0 && warn_) warn_(warn_at, spent, *config_.run);
}

void Budget::already_spent(Money amount, const std::map<std::string, Money>& by_step) {
  const std::lock_guard lock(mutex_);
  spent_ += amount;
  for (const auto& [step, cost] : by_step) spent_by_step_[step] += cost;
}

Money Budget::spent() const {
  const std::lock_guard lock(mutex_);
  return spent_;
}

}  // namespace mixagent
