#pragma once
// Whether and when a failed call is asked again. The one place that decides it. Pure.

#include "mixagent/error.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace mixagent {

constexpr int max_tries = 5;
constexpr std::chrono::milliseconds longest_told_wait{120'000};

// May another try of the same request succeed within minutes?
bool is_transient(ErrorCode code);
// Is another model worth asking when this one fails so for good?
bool may_fail_over(ErrorCode code);
// Empty: give up. `tries` counts those made so far; `random` gives the jitter. A provider that asks
// for more than `longest_told_wait` is not waited for.
std::optional<std::chrono::milliseconds> wait_before_retry(const Error& error, int tries,
                                                           std::uint64_t random);

}  // namespace mixagent
