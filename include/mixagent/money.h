#pragma once
// Money is integer picodollars (1e-12 USD): a price in USD per 1,000,000 tokens is exactly price *
// 1e6 picodollars per token, so sums of calls are exact. int64 holds +-9.2 million USD. Never a
// double, except when read or printed.

#include "mixagent/error.h"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace mixagent {

struct Money {
  std::int64_t pico = 0;

  auto operator<=>(const Money&) const = default;
  Money& operator+=(Money other) {
    pico += other.pico;
    return *this;
  }
  Money& operator-=(Money other) {
    pico -= other.pico;
    return *this;
  }
  friend Money operator+(Money a, Money b) { return {a.pico + b.pico}; }
  friend Money operator-(Money a, Money b) { return {a.pico - b.pico}; }
  friend Money operator*(Money a, std::int64_t n) { return {a.pico * n}; }
};

constexpr std::int64_t pico_per_usd = 1'000'000'000'000;

// Rounds half away from zero at the picodollar. Refuses NaN, negative and > 9,000,000.
Result<Money> money_from_usd(double usd);
// Exact decimal reading of "0.27", "2", "1e-6"; what configuration and --max-budget-usd use.
Result<Money> parse_usd(std::string_view text);
double to_usd(Money money);
// "$0.0421": four digits below ten dollars, two above; never rounds a cost to zero ("<$0.0001").
std::string format_usd(Money money);

}  // namespace mixagent
