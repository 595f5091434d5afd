#include "system/clock_system.h"

#include <doctest/doctest.h>

#include <thread>

namespace mixagent {
namespace {

TEST_CASE("sleep ends when it is over, stopped or at the deadline") {
  SystemClock clock;
  CHECK(clock.sleep(std::chrono::milliseconds(1), {}));

  std::stop_source stop;
  Cancel cancel;
  cancel.stop = stop.get_token();
  std::thread other([&] { stop.request_stop(); });
  CHECK_FALSE(clock.sleep(std::chrono::hours(1), cancel));
  other.join();

  Cancel late;
  late.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
  CHECK_FALSE(clock.sleep(std::chrono::hours(1), late));
}

TEST_CASE("time goes forward, chance differs") {
  SystemClock clock;
  const auto before = clock.steady_ms();
  clock.sleep(std::chrono::milliseconds(2), {});
  CHECK(clock.steady_ms() > before);
  CHECK(clock.wall_ms() > 1'600'000'000'000);

  SystemRandom random;
  CHECK(random.next() != random.next());
}

}  // namespace
}  // namespace mixagent
