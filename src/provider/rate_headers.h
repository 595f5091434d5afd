#pragma once
// What the headers of an answer say about the limits of its provider. Pure.

#include "provider/dialect.h"

#include <cstdint>
#include <vector>

namespace mixagent {

enum class Limited { requests, tokens, input_tokens, output_tokens };

// One limit as an answer tells it.
struct RateWindow {
  Limited of = Limited::requests;
  std::int64_t limit = 0;  // 0: not told
  std::int64_t remaining = 0;
  std::int64_t full_in_ms = 0;  // until all of it is there again; 0: not told
  bool operator==(const RateWindow&) const = default;
};

// Every spelling in use: reset as a duration, seconds, a moment, or seconds since 1970; windows of
// a minute without a reset. What is no number is left out.
std::vector<RateWindow> rate_windows(const HeaderList& headers, std::int64_t now_ms);

}  // namespace mixagent
