#pragma once
// What is left of one model's limits: a bucket for each, filled as the provider's headers say,
// drawn on by every call that is begun. Keeps parallel calls from running into a 429 of their own
// making. Plain values; the caller has the lock and the clock.

#include "provider/rate_headers.h"

#include <array>
#include <cstdint>

namespace mixagent {

constexpr std::int64_t longest_pause_ms = 60'000;
// As long as no answer has shown the limits, so many calls of a model may be out. Fewer would make
// parallel steps wait for nothing where there are no limits.
constexpr int first_calls = 8;

// What a call takes, estimated before it is sent.
struct CallSize {
  std::int64_t input_tokens = 0, output_tokens = 0;
};

class RateLimits {
 public:
  // Milliseconds until a call of this size may go; 0: now. At most longest_pause_ms.
  std::int64_t wait_ms(const CallSize& size, std::int64_t now) const;
  // Nothing is known yet and enough are out to learn it.
  bool must_learn() const { return !learnt_ && begun_ >= first_calls; }

  void begin(const CallSize& size);
  // The call's headers are there: it is counted in them. `windows` may be empty.
  void answered(const CallSize& size, const std::vector<RateWindow>& windows, std::int64_t now);
  // It ended without any.
  void gone(const CallSize& size);

 private:
  struct Bucket {
    bool known = false;
    double limit = 0, level = 0;
    double fill = 0;                // per millisecond
    std::int64_t at = 0;            // when `level` was so
    std::int64_t closed_until = 0;  // all was used up
    double pending = 0;             // of calls that no header counts yet

    double level_at(std::int64_t now) const;
    void learn(const RateWindow& window, bool alone, double own, std::int64_t now);
  };
  std::array<Bucket, 4> buckets_;  // by Limited
  int begun_ = 0;                  // under way without headers
  bool learnt_ = false;
};

}  // namespace mixagent
