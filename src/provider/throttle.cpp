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

Result<Throttle::Permit> Throttle::acquire(const Cancel& cancel) {
  std::unique_lock lock(mutex_);
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
    if (now < not_before_) {
      const auto wait = not_before_ - now;
      lock.unlock();
      if (!clock_.sleep(std::chrono::milliseconds(wait), cancel))
        return interrupted(cancel, provider_);
      lock.lock();
      continue;
    }
    if (in_flight_ < std::max(1, static_cast<int>(allowed_))) break;
    const auto has_place = [this] { return in_flight_ < std::max(1, static_cast<int>(allowed_)); };
    if (cancel.deadline) {
      freed_.wait_until(lock, cancel.stop, *cancel.deadline, has_place);
    } else {
      freed_.wait(lock, cancel.stop, has_place);
    }
  }
  ++in_flight_;
  return Permit(*this);
}

void Throttle::give_back() {
  const std::lock_guard lock(mutex_);
  --in_flight_;
  freed_.notify_all();
}

void Throttle::note_success(std::int64_t pause_ms) {
  const std::lock_guard lock(mutex_);
  if (pause_ms > 0) not_before_ = std::max(not_before_, clock_.steady_ms() + pause_ms);
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
