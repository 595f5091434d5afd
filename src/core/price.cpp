#include "core/price.h"

#include <algorithm>

namespace mixagent {
namespace {

// No call costs more; figures beyond it are a provider's nonsense, and sums of them must not
// overflow.
constexpr Money dearest_call{1'000'000 * pico_per_usd};

Money times(Money price, std::int64_t tokens) {
  if (tokens <= 0 || price.pico <= 0) return {};
  Money product;
  if (__builtin_mul_overflow(price.pico, tokens, &product.pico)) return dearest_call;
  return std::min(product, dearest_call);
}

}  // namespace

Money table_cost(const Usage& usage, const Price& price) {
  const std::int64_t input = std::max<std::int64_t>(usage.input, 0);
  const std::int64_t cached = std::clamp<std::int64_t>(usage.cached_input, 0, input);
  const std::int64_t written = std::clamp<std::int64_t>(usage.cache_write, 0, input - cached);
  const Money cost = times(price.input, input - cached - written) +
                     times(price.cached_input, cached) + times(price.cache_write, written) +
                     times(price.output, usage.output);
  return std::min(cost, dearest_call);
}

Money cost_of(const Usage& usage, const Model& model) {
  if (usage.reported_cost) return std::clamp(*usage.reported_cost, Money{}, dearest_call);
  return model.price ? table_cost(usage, *model.price) : Money{};
}

Money worst_case(std::int64_t input_tokens, std::int64_t max_output, const Model& model) {
  if (!model.price) return {};
  const Price& price = *model.price;
  const Money dearest_input = std::max({price.input, price.cached_input, price.cache_write});
  return std::min(times(dearest_input, input_tokens) + times(price.output, max_output),
                  dearest_call);
}

}  // namespace mixagent
