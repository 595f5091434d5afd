#include "config/catalog.h"

#include "base/json.h"
#include "core/price.h"
#include "support/temp_repo.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace mixagent {

TEST_CASE("every row of the catalogue is sane") {
  std::set<std::string> names, ids, providers;
  for (const auto& provider : catalog_providers()) {
    CAPTURE(provider.name);
    CHECK(provider.base_url.rfind("https://", 0) == 0);
    CHECK_FALSE(provider.api_key_env.empty());
    providers.insert(provider.name);
  }
  for (const auto& row : catalog_models()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(ids.insert(std::string(row.provider) + " " + row.id).second);
    CHECK(providers.count(row.provider) == 1);
    CHECK(std::string(row.name).find('/') != std::string::npos);
    CHECK_FALSE(std::string(row.family).empty());
    CHECK((row.tier >= 1 && row.tier <= 3));
    CHECK((row.input > 0 && row.input <= row.output && row.output <= 100));
    CHECK((row.cached >= 0 && row.cached < row.input));
    CHECK((row.written == 0 || (row.written >= row.input && row.written <= 2 * row.input)));
    CHECK((row.max_output >= 4'000 && row.max_output < row.window));
    CHECK(std::string_view(row.abilities).find_first_not_of("isr") == std::string_view::npos);
  }
  CHECK(catalog_date.size() == 10);
  CHECK_FALSE(catalog_source.empty());
}

TEST_CASE("a provider's own figure wins over the table") {
  const auto* row = find_catalog_model("openai/gpt-5.4");
  REQUIRE(row != nullptr);
  const Model model = model_from(*row, "openai");
  Usage usage;
  usage.input = 1'000'000;
  CHECK(cost_of(usage, model) == Money{static_cast<std::int64_t>(row->input * pico_per_usd)});
  usage.reported_cost = Money{7};
  CHECK(cost_of(usage, model) == Money{7});
}

TEST_CASE("prices agree with the collected price lists") {
  const char* folder = std::getenv("MIXAGENT_DATA");
  const auto file =
      std::filesystem::path(folder != nullptr ? folder : MIXAGENT_SOURCE_DIR "/../shared/data") /
      "prices/models.json";
  if (!std::filesystem::exists(file)) {
    MESSAGE("SKIPPED: " << file << " is not there");
    return;
  }
  const auto json = parse_json(read_test_file(file));
  REQUIRE(json);
  const Json& list = json->is_array() ? *json : member(*json, "models");
  std::size_t compared = 0;
  for (const auto& row : catalog_models()) {
    CAPTURE(row.name);
    const auto found = std::find_if(list.begin(), list.end(), [&](const Json& entry) {
      return string_or(entry, "provider") == row.provider && string_or(entry, "id") == row.id;
    });
    if (found == list.end()) continue;
    ++compared;
    const Json& prices = member(*found, "usd_per_mtok");
    const auto price = [&](const char* name, double unless) {
      const Json& value = member(prices, name);
      return value.is_number() ? value.get<double>() : unless;
    };
    CHECK(std::fabs(price("input", 0) - row.input) < 1e-9);
    CHECK(std::fabs(price("output", 0) - row.output) < 1e-9);
    CHECK(std::fabs(price("cache_read", row.cached) - row.cached) < 1e-9);
    CHECK(std::fabs(price("cache_write", row.written) - row.written) < 1e-9);
  }
  CHECK(compared * 10 >= catalog_models().size() * 9);
}

}  // namespace mixagent
