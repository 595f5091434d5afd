#pragma once
// The machine's own time and chance. Thread-safe.

#include "mixagent/clock.h"

namespace mixagent {

class SystemClock final : public Clock {
 public:
  std::int64_t wall_ms() override;
  std::int64_t steady_ms() override;
  bool sleep(std::chrono::milliseconds duration, const Cancel& cancel) override;
};

// The kernel's generator; never fails.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

}  // namespace mixagent
