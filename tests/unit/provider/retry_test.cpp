#include "provider/retry.h"

#include <doctest/doctest.h>

#include <limits>

namespace mixagent {

namespace {

Error error_with(ErrorCode code, std::optional<std::int64_t> told = {}) {
  Error error;
  error.code = code;
  error.retry_after_ms = told;
  return error;
}

std::int64_t wait_ms(const Error& error, int tries, std::uint64_t random) {
  const auto wait = wait_before_retry(error, tries, random);
  return wait ? wait->count() : -1;
}

}  // namespace

TEST_CASE("only what may pass by itself is asked again") {
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const bool expected = code == ErrorCode::network || code == ErrorCode::timeout ||
                          code == ErrorCode::rate_limited || code == ErrorCode::overloaded ||
                          code == ErrorCode::server || code == ErrorCode::protocol;
    CAPTURE(to_string(code));
    CHECK(is_transient(code) == expected);
    CHECK((wait_ms(error_with(code), 1, 0) >= 0) == expected);
  }
}

TEST_CASE("the wait doubles, within a fifth, and ends after five tries") {
  for (const auto& [tries, base] :
       std::vector<std::pair<int, std::int64_t>>{{1, 500}, {2, 1'000}, {3, 2'000}, {4, 4'000}}) {
    const auto error = error_with(ErrorCode::server);
    const auto span = static_cast<std::uint64_t>(base * 2 / 5);
    CHECK(wait_ms(error, tries, 0) == base * 4 / 5);
    CHECK(wait_ms(error, tries, span) == base * 6 / 5);
    CHECK(wait_ms(error, tries, span / 2) == base);
    CHECK(wait_ms(error, tries, span + 1) == base * 4 / 5);
    CHECK(wait_ms(error, tries, std::numeric_limits<std::uint64_t>::max()) <= base * 6 / 5);
  }
  CHECK(wait_ms(error_with(ErrorCode::server), 5, 0) == -1);
}

TEST_CASE("what the provider asks for counts, up to two minutes") {
  CHECK(wait_ms(error_with(ErrorCode::rate_limited, 7'000), 1, 3) == 7'000);
  CHECK(wait_ms(error_with(ErrorCode::rate_limited, 120'000), 4, 3) == 120'000);
  CHECK(wait_ms(error_with(ErrorCode::rate_limited, 120'001), 1, 3) == -1);
  CHECK(wait_ms(error_with(ErrorCode::rate_limited, 0), 1, 0) == 400);
  CHECK(wait_ms(error_with(ErrorCode::quota, 10), 1, 0) == -1);
}

}  // namespace mixagent
