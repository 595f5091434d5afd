#pragma once
// Time and chance under a test's control: second implementations of the ports in mixagent/clock.h.
// Sleeping takes no time: it moves the clock and is written down. Thread-safe.

#include "mixagent/clock.h"

#include <cstdint>
#include <mutex>
#include <vector>

namespace mixagent {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(std::int64_t wall_ms = 1'795'532'400'000) : start_ms_(wall_ms) {}

  std::int64_t wall_ms() override { return start_ms_ + steady_ms(); }
  std::int64_t steady_ms() override {
    const std::lock_guard lock(mutex_);
    return passed_ms_;
  }
  bool sleep(std::chrono::milliseconds duration, const Cancel& cancel) override {
    if (cancel.requested()) return false;
    const std::lock_guard lock(mutex_);
    passed_ms_ += duration.count();
    sleeps_.push_back(duration.count());
    return true;
  }

  void advance(std::int64_t ms) {
    const std::lock_guard lock(mutex_);
    passed_ms_ += ms;
  }
  std::vector<std::int64_t> sleeps() {
    const std::lock_guard lock(mutex_);
    return sleeps_;
  }

 private:
  std::mutex mutex_;
  const std::int64_t start_ms_;
  std::int64_t passed_ms_ = 0;
  std::vector<std::int64_t> sleeps_;
};

// Gives the listed numbers, then counts on from the last one. One thread.
class FakeRandom final : public Random {
 public:
  explicit FakeRandom(std::vector<std::uint64_t> numbers = {}) : numbers_(std::move(numbers)) {}
  std::uint64_t next() override {
    last_ = given_ < numbers_.size() ? numbers_[given_++] : last_ + 1;
    return last_;
  }

 private:
  std::vector<std::uint64_t> numbers_;
  std::size_t given_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace mixagent
