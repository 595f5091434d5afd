#include "provider/rate_headers.h"

#include <doctest/doctest.h>

namespace mixagent {

TEST_CASE("only what is used up makes a pause, in any spelling, and never a long one") {
  struct Case {
    HeaderList headers;
    std::int64_t pause_ms;
  };
  const std::vector<Case> cases = {
      {{}, 0},
      {{{"x-ratelimit-remaining-requests", "3"}, {"x-ratelimit-reset-requests", "6s"}}, 0},
      {{{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "130ms"}}, 130},
      {{{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "6m0s"}},
       longest_pause_ms},
      {{{"x-ratelimit-remaining-requests", "0"}}, 0},
      {{{"anthropic-ratelimit-tokens-remaining", "0"},
        {"anthropic-ratelimit-tokens-reset", "1994-11-06T08:49:42Z"}},
       5'000},
      {{{"anthropic-ratelimit-tokens-remaining", "0"},
        {"anthropic-ratelimit-tokens-reset", "1994-11-06T08:00:00Z"}},
       0},
  };
  for (const auto& test : cases) {
    CHECK(told_pause_ms(test.headers, 784'111'777'000) == test.pause_ms);
  }
}

}  // namespace mixagent
