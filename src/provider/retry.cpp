#include "provider/retry.h"

#include <algorithm>

namespace mixagent {

bool is_transient(ErrorCode code) {
  return code == ErrorCode::network || code == ErrorCode::timeout ||
         code == ErrorCode::rate_limited || code == ErrorCode::overloaded ||
         code == ErrorCode::server || code == ErrorCode::protocol;
}

bool may_fail_over(ErrorCode code) {
  return is_transient(code) || code == ErrorCode::quota || code == ErrorCode::auth ||
         code == ErrorCode::not_found;
}

std::optional<std::chrono::milliseconds> wait_before_retry(const Error& error, int tries,
                                                           std::uint64_t random) {
  if (!is_transient(error.code) || tries >= max_tries) return std::nullopt;
  if (error.retry_after_ms && *error.retry_after_ms > longest_told_wait.count())
    return std::nullopt;
  if (error.retry_after_ms && *error.retry_after_ms > 0) {
    return std::chrono::milliseconds(*error.retry_after_ms);
  }
  const std::int64_t backoff = std::min<std::int64_t>(500LL << std::min(tries - 1, 10), 8'000);
  const std::int64_t spread = backoff * 2 / 5;  // from -20 % to +20 %
  const auto jitter = static_cast<std::int64_t>(random % static_cast<std::uint64_t>(spread + 1));
  return std::chrono::milliseconds(backoff - spread / 2 + jitter);
}

}  // namespace mixagent
