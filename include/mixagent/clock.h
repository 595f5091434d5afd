#pragma once
// Time and chance, passed in so that a run is a function of its inputs. Thread-safe.

#include "mixagent/cancel.h"

#include <chrono>
#include <cstdint>

namespace mixagent {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t wall_ms() = 0;    // UTC since 1970
  virtual std::int64_t steady_ms() = 0;  // for durations
  // Returns early when cancelled; false then.
  virtual bool sleep(std::chrono::milliseconds duration, const Cancel& cancel) = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

}  // namespace mixagent
