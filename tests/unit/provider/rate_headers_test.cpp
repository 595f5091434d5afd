#include "provider/rate_limits.h"

#include <doctest/doctest.h>

#include <limits>

namespace mixagent {

TEST_CASE("limits are read in every spelling") {
  constexpr std::int64_t now = 784'111'777'000;  // 1994-11-06T08:49:37Z
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  struct Case {
    HeaderList headers;
    std::vector<RateWindow> windows;
  };
  const std::vector<Case> cases = {
      {{}, {}},
      {{{"x-ratelimit-remaining-requests", "3"},
        {"x-ratelimit-limit-requests", "10"},
        {"x-ratelimit-reset-requests", "6s"}},
       {{Limited::requests, 10, 3, 6'000}}},
      {{{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "6m0s"}},
       {{Limited::tokens, 0, 0, 360'000}}},
      {{{"anthropic-ratelimit-input-tokens-remaining", "8"},
        {"anthropic-ratelimit-input-tokens-limit", "9"},
        {"anthropic-ratelimit-input-tokens-reset", "1994-11-06T08:49:42Z"}},
       {{Limited::input_tokens, 9, 8, 5'000}}},
      {{{"anthropic-ratelimit-requests-remaining", "8"},
        {"anthropic-ratelimit-requests-reset", "1994-11-06T08:00:00Z"}},
       {{Limited::requests, 0, 8, 0}}},
      // The server's clock counts, not ours.
      {{{"date", "Sun, 06 Nov 1994 08:49:40 GMT"},
        {"anthropic-ratelimit-requests-remaining", "8"},
        {"anthropic-ratelimit-requests-reset", "1994-11-06T08:49:42Z"}},
       {{Limited::requests, 0, 8, 2'000}}},
      {{{"x-ratelimit-remaining-req-minute", "50"}, {"x-ratelimit-limit-req-minute", "60"}},
       {{Limited::requests, 60, 50, 60'000}}},
      {{{"ratelimitbysize-remaining", "1"}, {"ratelimitbysize-reset", "33"}},
       {{Limited::input_tokens, 0, 1, 33'000}}},
      {{{"x-ratelimit-remaining", "1"}, {"x-ratelimit-reset", "1769759896"}},
       {{Limited::requests, 0, 1, 1'769'759'896'000 - now}}},
      {{{"x-ratelimit-remaining-requests", "many"}}, {}},
      {{{"x-ratelimit-remaining-tokens", "99999999999999999999"}}, {{Limited::tokens, 0, most, 0}}},
  };
  for (const auto& test : cases) {
    CAPTURE(test.headers.size());
    CHECK(rate_windows(test.headers, now) == test.windows);
  }
}

TEST_CASE("calls that are out count at once, what comes back fills up") {
  RateLimits limits;
  const CallSize size{100, 50};
  CHECK(limits.wait_ms(size, 0) == 0);
  // 10 requests a second, one left: one may go, the next waits for its tenth of a second.
  limits.begin(size);
  limits.answered(size, {{Limited::requests, 10, 1, 900}}, 0);
  CHECK(limits.wait_ms(size, 0) == 0);
  limits.begin(size);
  CHECK(limits.wait_ms(size, 0) == 100);
  CHECK(limits.wait_ms(size, 100) == 0);
  // An answer that was counted before others were sent does not bring them back.
  limits.begin(size);
  limits.answered(size, {{Limited::requests, 10, 8, 200}}, 100);
  CHECK(limits.wait_ms(size, 100) == 100);
  // A call that ended without an answer gives back what it held.
  limits.gone(size);
  CHECK(limits.wait_ms(size, 100) == 0);
}

TEST_CASE("tokens are drawn by what a call may take, up to the whole limit") {
  RateLimits limits;
  const CallSize small{100, 50}, vast{1'000'000, 1};
  limits.begin(small);
  limits.answered(small, {{Limited::tokens, 1'000, 100, 9'000}}, 0);  // 0.1 a millisecond
  CHECK(limits.wait_ms(small, 0) == 500);
  CHECK(limits.wait_ms(vast, 0) == 9'000);
  CHECK(limits.wait_ms(vast, 9'000) == 0);
}

TEST_CASE("what is used up is left alone until it is back, never for long") {
  RateLimits limits;
  const CallSize size{1, 1};
  limits.begin(size);
  limits.answered(size, {{Limited::requests, 0, 0, 6'000}}, 0);
  CHECK(limits.wait_ms(size, 0) == 6'000);
  limits.answered(size, {{Limited::requests, 0, 0, 3'600'000}}, 10'000);
  CHECK(limits.wait_ms(size, 10'000) == longest_pause_ms);
}

TEST_CASE("before anything is known only a few go out") {
  RateLimits limits;
  for (int i = 0; i < first_calls; ++i) {
    CHECK_FALSE(limits.must_learn());
    limits.begin({});
  }
  CHECK(limits.must_learn());
  limits.answered({}, {}, 0);
  for (int i = 0; i < 20; ++i) limits.begin({});
  CHECK_FALSE(limits.must_learn());
}

}  // namespace mixagent
