#include "provider/rate_headers.h"

#include "base/text.h"
#include "core/codecs.h"
#include "provider/errors.h"

#include <algorithm>
#include <array>
#include <limits>

namespace mixagent {

namespace {

struct Names {
  Limited of;
  std::string_view remaining, limit, reset;
  std::int64_t period_ms = 0;  // of a window whose reset has no header
};

constexpr std::int64_t minute_ms = 60'000;
constexpr std::array<Names, 11> known = {{
    {Limited::requests, "x-ratelimit-remaining-requests", "x-ratelimit-limit-requests",
     "x-ratelimit-reset-requests"},
    {Limited::tokens, "x-ratelimit-remaining-tokens", "x-ratelimit-limit-tokens",
     "x-ratelimit-reset-tokens"},
    {Limited::requests, "anthropic-ratelimit-requests-remaining",
     "anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-reset"},
    // The tightest of the two below; output counts as it is made, not as it is allowed.
    {Limited::input_tokens, "anthropic-ratelimit-tokens-remaining",
     "anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-reset"},
    {Limited::input_tokens, "anthropic-ratelimit-input-tokens-remaining",
     "anthropic-ratelimit-input-tokens-limit", "anthropic-ratelimit-input-tokens-reset"},
    {Limited::output_tokens, "anthropic-ratelimit-output-tokens-remaining",
     "anthropic-ratelimit-output-tokens-limit", "anthropic-ratelimit-output-tokens-reset"},
    {Limited::requests, "x-ratelimit-remaining-req-minute", "x-ratelimit-limit-req-minute", "",
     minute_ms},
    {Limited::requests, "x-ratelimit-remaining-requests-minute",
     "x-ratelimit-limit-requests-minute", "", minute_ms},
    {Limited::input_tokens, "x-ratelimit-remaining-tokens-minute",
     "x-ratelimit-limit-tokens-minute", "", minute_ms},
    {Limited::input_tokens, "ratelimitbysize-remaining", "ratelimitbysize-limit",
     "ratelimitbysize-reset"},
    {Limited::requests, "x-ratelimit-remaining", "x-ratelimit-limit", "x-ratelimit-reset"},
}};

std::optional<std::int64_t> count_of(std::string_view text) {
  text = trim(text);
  if (text.empty()) return std::nullopt;
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    if (__builtin_mul_overflow(number, 10, &number) ||
        __builtin_add_overflow(number, c - '0', &number)) {
      return std::numeric_limits<std::int64_t>::max();
    }
  }
  return number;
}

// A moment (RFC 3339, or seconds since 1970), or a duration ("6m0s", bare seconds).
std::int64_t until(std::string_view reset, std::int64_t now_ms) {
  constexpr std::int64_t a_moment = 1'000'000'000;  // seconds; no window is 30 years long
  if (const auto moment = parse_time(reset)) return *moment - now_ms;
  const auto number = count_of(reset);
  if (number && *number >= a_moment) {
    return *number < a_moment * 1'000 ? *number * 1'000 - now_ms : *number - now_ms;
  }
  return parse_wait_ms(reset).value_or(0);
}

}  // namespace

std::vector<RateWindow> rate_windows(const HeaderList& headers, std::int64_t now_ms) {
  std::vector<RateWindow> windows;
  const auto server_now = parse_http_date(header_of(headers, "date")).value_or(now_ms);
  for (const auto& names : known) {
    const auto remaining = count_of(header_of(headers, names.remaining));
    if (!remaining) continue;
    RateWindow window;
    window.of = names.of;
    window.remaining = *remaining;
    window.limit = count_of(header_of(headers, names.limit)).value_or(0);
    window.full_in_ms = names.reset.empty()
                            ? names.period_ms
                            : until(trim(header_of(headers, names.reset)), server_now);
    window.full_in_ms = std::max<std::int64_t>(window.full_in_ms, 0);
    windows.push_back(window);
  }
  return windows;
}

}  // namespace mixagent
