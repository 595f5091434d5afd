#pragma once
// What is known about models and providers without being told: names, prices, windows, abilities. A
// table, dated. The order inside a tier is the order in which seats that nobody configured take
// them.

#include "mixagent/model.h"

#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

struct CatalogModel {
  const char* name;        // ours: "vendor/model", the vendor as OpenRouter spells it
  const char* provider;    // who serves it directly; "openrouter" when nobody else here does
  const char* id;          // there
  const char* openrouter;  // its id on OpenRouter: "=" like the name, "" not offered
  const char* family;
  int tier;
  std::int64_t window, max_output;  // tokens; window ends where a dearer price begins
  double input, output, cached,
      written;            // USD per 1,000,000 tokens; cached 0: no discount, written 0: as input
  const char* abilities;  // i images, s structured output, r reasoning
};

// Date of the prices below and where they were read.
inline constexpr std::string_view catalog_date = "2026-08-01";
inline constexpr std::string_view catalog_source =
    "public price lists as collected by LiteLLM and models.dev";

const std::vector<CatalogModel>& catalog_models();
// The row as a model of `provider`: its direct one, or OpenRouter.
Model model_from(const CatalogModel& row, std::string_view provider);
const CatalogModel* find_catalog_model(std::string_view name);

// Built-in providers by name: dialect, address, variable of the key.
const std::vector<Provider>& catalog_providers();

}  // namespace mixagent
