#include "provider/throttle.h"

#include "support/fake_clock.h"

#include <doctest/doctest.h>

#include <thread>

namespace mixagent {

TEST_CASE("no more calls at a time than allowed; a place that comes free is taken") {
  FakeClock clock;
  Throttle throttle("p", 1, clock);
  std::stop_source stop;
  auto first = throttle.acquire("m", {}, {});
  REQUIRE(first);
  Result<Throttle::Permit> second = fail(ErrorCode::internal, "not tried");
  std::thread waiter([&] {
    auto got = throttle.acquire("m", {}, {stop.get_token(), {}});
    CHECK(got);
  });
  { const auto place = std::move(*first); }
  waiter.join();

  auto held = throttle.acquire("m", {}, {});
  REQUIRE(held);
  std::thread stopped([&] {
    const auto got = throttle.acquire("m", {}, {stop.get_token(), {}});
    REQUIRE_FALSE(got);
    CHECK(got.error().code == ErrorCode::cancelled);
  });
  stop.request_stop();
  stopped.join();
}

TEST_CASE("after a 429 everybody waits, and fewer call at a time") {
  FakeClock clock;
  Throttle throttle("p", 0, clock);
  {
    auto a = throttle.acquire("m", {}, {});
    auto b = throttle.acquire("m", {}, {});
    REQUIRE(a);
    REQUIRE(b);
    a->failed(ErrorCode::rate_limited, 5'000);
  }
  auto next = throttle.acquire("m", {}, {});
  REQUIRE(next);
  CHECK(clock.steady_ms() == 5'000);

  // Two were under way: one is allowed now.
  Cancel cancel;
  cancel.deadline = std::chrono::steady_clock::now();
  const auto refused = throttle.acquire("m", {}, cancel);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::timeout);
  next->succeeded();
  CHECK(throttle.acquire("m", {}, {}));
}

}  // namespace mixagent
