#pragma once
// How fast one provider is asked: at most `max_concurrency` calls at a time, fewer after a 429,
// none until the wait that it asked for is over, and none for a while after many failures in a row.
// Thread-safe.

#include "mixagent/cancel.h"
#include "mixagent/clock.h"
#include "mixagent/error.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

namespace mixagent {

constexpr int failures_until_open = 8;
constexpr std::int64_t open_for_ms = 30'000;

class Throttle {
 public:
  Throttle(std::string provider, int max_concurrency, Clock& clock);

  // One call under way. Gives its place back when it ends; tell how it went before that.
  class Permit {
   public:
    Permit(Permit&& other) noexcept : throttle_(other.throttle_) { other.throttle_ = nullptr; }
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (throttle_ != nullptr) throttle_->give_back();
    }
    // `pause_ms`: the provider said that nothing more is to be had for so long.
    void succeeded(std::int64_t pause_ms = 0) { throttle_->note_success(pause_ms); }
    // `wait_ms`: what was told or decided; the others wait too when the provider was the one who
    // asked for it.
    void failed(ErrorCode code, std::int64_t wait_ms) { throttle_->note_failure(code, wait_ms); }

   private:
    friend class Throttle;
    explicit Permit(Throttle& throttle) : throttle_(&throttle) {}
    Throttle* throttle_;
  };

  // Waits for a place. Errors: cancelled, timeout (the deadline passed), overloaded (too many
  // failures in a row: not asked again for a while).
  Result<Permit> acquire(const Cancel& cancel);

 private:
  void give_back();
  void note_success(std::int64_t pause_ms);
  void note_failure(ErrorCode code, std::int64_t wait_ms);

  const std::string provider_;
  const double most_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any freed_;
  int in_flight_ = 0;
  double allowed_;
  int failures_ = 0;             // in a row
  std::int64_t open_until_ = 0;  // steady; a single try is let through then
  std::int64_t not_before_ = 0;  // steady
};

}  // namespace mixagent
