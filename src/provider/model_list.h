#pragma once
// Which models a provider serves for a key, by its own word. Reading is pure; fetching asks page by
// page.

#include "mixagent/error.h"
#include "mixagent/http.h"
#include "mixagent/model.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

struct ListedModel {
  std::string id;                           // as a request names it
  std::optional<Price> price;               // where the list has prices (OpenRouter)
  std::int64_t window = 0, max_output = 0;  // tokens; 0: not told
  bool operator==(const ListedModel&) const = default;
};

struct ModelPage {
  std::vector<ListedModel> models;
  std::string next;  // query of the next page; empty: this was the last
};
// Every shape in use: "data" (with has_more and last_id), "models" (with nextPageToken), a bare
// array. Error protocol when it is none of them.
Result<ModelPage> read_model_list(std::string_view body);

Result<std::vector<ListedModel>> fetch_model_list(const Provider& provider, const std::string& key,
                                                  Http& http, const Cancel& cancel);

// Does the list hold this id, as such or with a date behind it?
bool lists(const std::vector<ListedModel>& models, std::string_view id);

// For a cache.
std::string encode_model_list(const std::vector<ListedModel>& models, std::int64_t fetched_ms);
struct CachedList {
  std::vector<ListedModel> models;
  std::int64_t fetched_ms = 0;
};
Result<CachedList> decode_model_list(std::string_view text);

}  // namespace mixagent
