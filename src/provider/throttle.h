#pragma once
// How fast one provider is asked: at most `max_concurrency` calls at a time, fewer after a 429,
// none until the wait that it asked for is over, none for a while after many failures in a row, and
// no more of a model than its rate headers leave. Thread-safe.

#include "provider/rate_limits.h"

#include "mixagent/cancel.h"
#include "mixagent/clock.h"
#include "mixagent/error.h"

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mixagent {

constexpr int failures_until_open = 8;
constexpr std::int64_t open_for_ms = 30'000;

class Throttle {
 public:
  Throttle(std::string provider, int max_concurrency, Clock& clock);

  // One call under way. Gives its place back when it ends; tell how it went before that.
  class Permit {
   public:
    Permit(Permit&& other) noexcept
        : throttle_(std::exchange(other.throttle_, nullptr)),
          limits_(other.limits_),
          size_(other.size_),
          counted_(other.counted_) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (throttle_ != nullptr) throttle_->give_back(*this);
    }
    // The answer's headers are there; once.
    void answered(const std::vector<RateWindow>& windows) {
      throttle_->note_headers(*this, windows);
    }
    void succeeded() { throttle_->note_success(); }
    // `wait_ms`: what was told or decided; the others wait too when the provider was the one who
    // asked for it.
    void failed(ErrorCode code, std::int64_t wait_ms) { throttle_->note_failure(code, wait_ms); }

   private:
    friend class Throttle;
    Permit(Throttle& throttle, RateLimits& limits, const CallSize& size)
        : throttle_(&throttle), limits_(&limits), size_(size) {}
    Throttle* throttle_;
    RateLimits* limits_;
    CallSize size_;
    bool counted_ = false;
  };

  // Waits for a place. Errors: cancelled, timeout (the deadline passed), overloaded (too many
  // failures in a row: not asked again for a while).
  Result<Permit> acquire(const std::string& model, const CallSize& size, const Cancel& cancel);
  // Only if there is a place right now.
  std::optional<Permit> try_acquire(const std::string& model, const CallSize& size);

 private:
  bool has_place(const RateLimits& limits) const;
  Permit take_place(RateLimits& limits, const CallSize& size);
  void give_back(Permit& permit);
  void note_headers(Permit& permit, const std::vector<RateWindow>& windows);
  void note_success();
  void note_failure(ErrorCode code, std::int64_t wait_ms);

  const std::string provider_;
  const double most_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any freed_;
  int in_flight_ = 0;
  double allowed_;
  int failures_ = 0;                          // in a row
  std::int64_t open_until_ = 0;               // steady; a single try is let through then
  std::int64_t not_before_ = 0;               // steady
  std::map<std::string, RateLimits> limits_;  // by model; entries stay where they are
};

}  // namespace mixagent
