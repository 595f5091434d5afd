#include "provider/rate_headers.h"

#include "base/text.h"
#include "core/codecs.h"
#include "provider/errors.h"

#include <algorithm>
#include <array>

namespace mixagent {

namespace {

struct Window {
  std::string_view remaining, reset;
};

constexpr std::array<Window, 6> windows = {{
    {"x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"},
    {"x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"},
    {"anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"},
    {"anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"},
    {"anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"},
    {"anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"},
}};

// A moment (RFC 3339), or a duration ("6m0s").
std::int64_t until(std::string_view reset, std::int64_t now_ms) {
  if (const auto moment = parse_time(reset)) return *moment - now_ms;
  return parse_wait_ms(reset).value_or(0);
}

}  // namespace

std::int64_t told_pause_ms(const HeaderList& headers, std::int64_t now_ms) {
  std::int64_t pause = 0;
  for (const auto& window : windows) {
    if (trim(header_of(headers, window.remaining)) != "0") continue;
    pause = std::max(pause, until(trim(header_of(headers, window.reset)), now_ms));
  }
  return std::clamp<std::int64_t>(pause, 0, longest_pause_ms);
}

}  // namespace mixagent
