#include "provider/throttle.h"

#include <algorithm>

namespace mixagent {

namespace {

constexpr double no_limit = 1e9;

tl::unexpected<Error> interrupted(const Cancel& cancel, const std::string& where) {
  return cancel.stopped() ? fail(ErrorCode::cancelled, "cancelled", where)
                          : fail(ErrorCode::timeout, "the run's time is over", where);
}

}  // namespace

Throttle::Throttle(std::string provider, int max_concurrency, Clock& clock)
    : provider_(std::move(provider)),
      most_(max_concurrency > 0 ? max_concurrency : no_limit),
      clock_(clock),
      allowed_(most_) {}

bool Throttle::has_place(const RateLimits& limits) const {
  return in_flight_ < std::max(1, static_cast<int>(std::min(allowed_, 1e6))) &&
         !limits.must_learn();
}

Throttle::Permit Throttle::take_place(RateLimits& limits, const CallSize& size) {
  ++in_flight_;
  limits.begin(size);
  return Permit(*this, limits, size);
}

Result<Throttle::Permit> Throttle::acquire(const std::string& model, const CallSize& size,
                                           const Cancel& cancel) {
  std::unique_lock lock(mutex_);
  RateLimits& limits = limits_[model];
  while (true) {
    if (cancel.requested()) return interrupted(cancel, provider_);
    const auto now = clock_.steady_ms();
    if (failures_ >= failures_until_open) {
      if (now < open_until_) {
        Error error =
            fail(ErrorCode::overloaded,
                 std::to_string(failures_) + " calls in a row failed; not asked again for a while",
                 provider_, "name a fallback for the seat, or try again later")
                .value();
        error.retry_after_ms = open_until_ - now;
        return fail(std::move(error));
      }
      open_until_ = now + open_for_ms;  // this one tries; the others see its outcome
    }
    if (const auto wait = std::max(not_before_ - now, limits.wait_ms(size, now)); wait > 0) {
      lock.unlock();
      if (!clock_.sleep(std::chrono::milliseconds(wait), cancel))
        return interrupted(cancel, provider_);
      lock.lock();
      continue;
    }
    if (has_place(limits)) return take_place(limits, size);
    const auto free = [&] { return has_place(limits); };
    if (cancel.deadline) {
      freed_.wait_until(lock, cancel.stop, *cancel.deadline, free);
    } else {
      freed_.wait(lock, cancel.stop, free);
    }
  }
}

std::optional<Throttle::Permit> Throttle::try_acquire(const std::string& model,
                                                      const CallSize& size) {
  const std::lock_guard lock(mutex_);
  RateLimits& limits = limits_[model];
  const auto now = clock_.steady_ms();
  const bool free = failures_ < failures_until_open && now >= not_before_ &&
                    limits.wait_ms(size, now) <= 0 && has_place(limits);
  if (!free) return std::nullopt;
  return take_place(limits, size);
}

void Throttle::give_back(Permit& permit) {
  const std::lock_guard lock(mutex_);
  --in_flight_;
  if (!permit.counted_) permit.limits_->gone(permit.size_);
  freed_.notify_all();
}

void Throttle::note_headers(Permit& permit, const std::vector<RateWindow>& windows) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(permit.counted_, true)) return;
  permit.limits_->answered(permit.size_, windows, clock_.steady_ms());
  freed_.notify_all();
}

void Throttle::note_success() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
  allowed_ =
      std::min(most_, allowed_ + 1 / allowed_);  // one more place after a full round of successes
}

void Throttle::note_failure(ErrorCode code, std::int64_t wait_ms) {
  const std::lock_guard lock(mutex_);
  if (code == ErrorCode::rate_limited) {
    allowed_ = std::max(1.0, std::min<double>(allowed_, in_flight_) / 2);
    not_before_ = std::max(not_before_, clock_.steady_ms() + wait_ms);
    return;
  }
  const bool counts = code == ErrorCode::network || code == ErrorCode::timeout ||
                      code == ErrorCode::overloaded || code == ErrorCode::server ||
                      code == ErrorCode::protocol;
  if (!counts) return;
  if (++failures_ >= failures_until_open) open_until_ = clock_.steady_ms() + open_for_ms;
}

}  // namespace mixagent
