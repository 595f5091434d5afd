#include "core/price.h"

#include <doctest/doctest.h>

#include <limits>

using namespace mixagent;

namespace {

constexpr std::int64_t micro = 1'000'000;  // USD per 1,000,000 tokens -> picodollars per token

Model priced() {
  Model model;
  model.price = Price{{270'000}, {1'100'000}, {70'000}, {300'000}};
  return model;
}

Usage used(std::int64_t input, std::int64_t output, std::int64_t cached = 0,
           std::int64_t written = 0) {
  Usage usage;
  usage.input = input;
  usage.output = output;
  usage.cached_input = cached;
  usage.cache_write = written;
  return usage;
}

}  // namespace

TEST_CASE("tokens cost what the table says") {
  const struct {
    Usage usage;
    std::int64_t pico;
  } cases[] = {
      {used(0, 0), 0},
      {used(1'000'000, 0), 270'000 * micro},
      {used(0, 1'000'000), 1'100'000 * micro},
      {used(1000, 10, 600, 300), 100 * 270'000 + 600 * 70'000 + 300 * 300'000 + 10 * 1'100'000},
      // nonsense of a provider: more cached than there was, less than nothing
      {used(100, 0, 500, 500), 100 * 70'000},
      {used(-5, -5, -5, -5), 0},
  };
  for (const auto& c : cases) CHECK(table_cost(c.usage, *priced().price) == Money{c.pico});
}

TEST_CASE("the provider's own figure wins, but not at another price") {
  Usage usage = used(1000, 0);
  usage.reported_cost = Money{5};
  CHECK(cost_of(usage, priced()) == Money{5});
  CHECK(cost_of(usage, Model{}) == Money{5});
  CHECK(table_cost(usage, *priced().price) == Money{270'000'000});
  usage.reported_cost = Money{-5};
  CHECK(cost_of(usage, priced()) == Money{});
}

TEST_CASE("an unpriced model costs nothing") {
  CHECK(cost_of(used(1000, 1000), Model{}) == Money{});
  CHECK(worst_case(1000, 1000, Model{}) == Money{});
}

TEST_CASE("the worst case takes the dearest input price") {
  CHECK(worst_case(1000, 100, priced()) == Money{1000 * 300'000 + 100 * 1'100'000});
}

TEST_CASE("absurd figures do not overflow") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  const Money dearest{1'000'000 * pico_per_usd};
  CHECK(table_cost(used(most, most), *priced().price) == dearest);
  CHECK(worst_case(most, most, priced()) == dearest);
  Usage usage;
  usage.reported_cost = Money{most};
  CHECK(cost_of(usage, priced()) == dearest);
}
