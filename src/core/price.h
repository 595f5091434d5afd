#pragma once
// Tokens to money. (input - cached - cache_write) * input + cached * cached_input + cache_write *
// cache_write + output * output.

#include "mixagent/model.h"
#include "mixagent/money.h"
#include "mixagent/usage.h"

namespace mixagent {

// The provider's own figure where it sent one, else the table. An unpriced model costs nothing (and
// says so elsewhere).
Money cost_of(const Usage& usage, const Model& model);
// The same tokens at another price, never the provider's figure.
Money table_cost(const Usage& usage, const Price& price);
// Worst case of a call: `input_tokens` at the dearest input price, `max_output` at the output
// price.
Money worst_case(std::int64_t input_tokens, std::int64_t max_output, const Model& model);

}  // namespace mixagent
