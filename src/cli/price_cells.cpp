#include "cli/price_cells.h"

#include <cstdio>

namespace mixagent {

namespace {

std::string per_million(Money per_token) {
  if (per_token.pico == 0) return "free";
  char text[32];
  const double usd = static_cast<double>(per_token.pico) / 1e6;
  std::snprintf(text, sizeof text, usd < 0.01 ? "%.4f" : usd < 1 ? "%.3f" : "%.2f", usd);
  return text;
}

}  // namespace

std::vector<std::string> price_cells(const std::optional<Price>& price) {
  if (!price) return {"?", "?", "?"};
  return {per_million(price->input), per_million(price->output), per_million(price->cached_input)};
}

}  // namespace mixagent
