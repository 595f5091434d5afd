#include "provider/rate_limits.h"

#include <algorithm>
#include <cmath>

namespace mixagent {

namespace {

// In the order of Limited. What is generated is known only afterwards where output is limited
// apart; limits of all tokens count what may be generated.
std::array<double, 4> takes(const CallSize& size) {
  const auto input = static_cast<double>(size.input_tokens);
  return {1, input + static_cast<double>(size.output_tokens), input, 1};
}

}  // namespace

double RateLimits::Bucket::level_at(std::int64_t now) const {
  return std::min(limit, level + fill * static_cast<double>(std::max<std::int64_t>(now - at, 0)));
}

void RateLimits::Bucket::learn(const RateWindow& window, bool alone, double own, std::int64_t now) {
  const auto told = static_cast<double>(window.remaining);
  // Answers of parallel calls come in any order: one that was counted early knows nothing of the
  // others. Only a call that was alone may raise the level.
  level = alone || !known ? told : std::min(level_at(now) - own, told);
  at = now;
  limit = window.limit > 0 ? static_cast<double>(window.limit) : std::max(limit, told + 1);
  const double missing = limit - told;
  if (window.full_in_ms > 0 && missing > 0) fill = missing / static_cast<double>(window.full_in_ms);
  if (window.remaining == 0 && window.full_in_ms > 0) {
    closed_until = now + std::min(window.full_in_ms, longest_pause_ms);
  }
  // Without a rate a level cannot be told to rise again.
  known = fill > 0;
}

std::int64_t RateLimits::wait_ms(const CallSize& size, std::int64_t now) const {
  const auto needs = takes(size);
  std::int64_t wait = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const Bucket& bucket = buckets_[i];
    wait = std::max(wait, bucket.closed_until - now);
    if (!bucket.known) continue;
    const double need = std::min(needs[i], std::max(bucket.limit, 1.0));
    const double missing = need - (bucket.level_at(now) - bucket.pending);
    if (missing <= 0) continue;
    const double ms = std::ceil(missing / bucket.fill);
    wait = std::max(wait, ms < longest_pause_ms ? static_cast<std::int64_t>(ms) : longest_pause_ms);
  }
  return wait;
}

void RateLimits::begin(const CallSize& size) {
  const auto needs = takes(size);
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i].pending += needs[i];
  ++begun_;
}

void RateLimits::gone(const CallSize& size) {
  const auto needs = takes(size);
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    buckets_[i].pending = std::max(0.0, buckets_[i].pending - needs[i]);
  }
  --begun_;
}

void RateLimits::answered(const CallSize& size, const std::vector<RateWindow>& windows,
                          std::int64_t now) {
  const auto needs = takes(size);
  gone(size);
  std::array<bool, 4> told{};
  for (const auto& window : windows) {
    const auto i = static_cast<std::size_t>(window.of);
    // Two windows of one thing: the tighter one.
    if (told[i] && static_cast<double>(window.remaining) >= buckets_[i].level) continue;
    buckets_[i].learn(window, begun_ == 0 && !told[i], needs[i], now);
    told[i] = true;
  }
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    if (told[i] || !buckets_[i].known) continue;
    buckets_[i].level = buckets_[i].level_at(now) - needs[i];
    buckets_[i].at = now;
  }
  learnt_ = true;
}

}  // namespace mixagent
