#pragma once
// Prices for tables.

#include "mixagent/usage.h"

#include <optional>
#include <string>
#include <vector>

namespace mixagent {

// USD per 1,000,000 tokens: input, output, cached input; "?" without a price, "free" where it is
// zero.
std::vector<std::string> price_cells(const std::optional<Price>& price);

}  // namespace mixagent
