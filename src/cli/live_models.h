#pragma once
// What the providers themselves list, kept for a day below XDG_CACHE_HOME.

#include "cli/commands.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

struct LiveModels {
  std::vector<ListedModel> models;
  std::int64_t age_ms = 0;
  std::optional<Error> trouble;  // why there is no newer list; with models: they are from the cache
  bool known = false;            // there is a list
};

// From the cache while it is young enough and no refresh is asked, else by `fetch` (empty: never).
LiveModels live_models(const Provider& provider, const ModelsOptions& options,
                       const CliContext& context, std::int64_t now_ms);

}  // namespace mixagent
