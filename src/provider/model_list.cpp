#include "provider/model_list.h"

#include "base/json.h"
#include "base/text.h"
#include "provider/address.h"
#include "provider/dialect.h"
#include "provider/errors.h"

#include <algorithm>

namespace mixagent {

namespace {

constexpr int most_pages = 20;

const Json& entries_of(const Json& root) {
  if (root.is_array()) return root;
  for (const char* name : {"data", "models"}) {
    if (const Json& list = member(root, name); list.is_array()) return list;
  }
  return member(root, "data");
}

std::int64_t first_number(const Json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const auto number = int_or(object, name); number > 0) return number;
  }
  return 0;
}

// USD for one token, as a decimal string; "-1": it depends on what is routed to.
std::optional<Money> per_token(const Json& pricing, const char* name) {
  const auto money = parse_usd(string_or(pricing, name));
  if (!money || money->pico > pico_per_usd) return std::nullopt;
  return *money;
}

std::optional<Price> price_of(const Json& pricing) {
  const auto input = per_token(pricing, "prompt"), output = per_token(pricing, "completion");
  if (!input || !output) return std::nullopt;
  Price price;
  price.input = *input;
  price.output = *output;
  price.cached_input = per_token(pricing, "input_cache_read").value_or(*input);
  price.cache_write = per_token(pricing, "input_cache_write").value_or(*input);
  return price;
}

std::optional<ListedModel> model_of(const Json& entry) {
  ListedModel model;
  for (const char* name : {"id", "model", "name"}) {
    if (model.id = string_or(entry, name); !model.id.empty()) break;
  }
  if (model.id.starts_with("models/")) model.id.erase(0, 7);
  if (model.id.empty()) return std::nullopt;
  model.price = price_of(member(entry, "pricing"));
  model.window = first_number(entry, {"context_length", "context_window", "max_context_length",
                                      "max_input_tokens", "inputTokenLimit"});
  if (model.window == 0) model.window = first_number(member(entry, "meta"), {"n_ctx"});
  model.max_output = first_number(entry, {"outputTokenLimit", "max_tokens"});
  if (model.max_output == 0) {
    model.max_output = first_number(member(entry, "top_provider"), {"max_completion_tokens"});
  }
  return model;
}

std::string escaped(std::string_view text) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (plain) {
      out += c;
    } else {
      out += {'%', hex[byte >> 4], hex[byte & 15]};
    }
  }
  return out;
}

std::string first_query(Dialect dialect) {
  if (dialect == Dialect::anthropic_messages) return "limit=1000";
  if (dialect == Dialect::gemini) return "pageSize=1000";
  return "";
}

HttpRequest request_for(const Provider& provider, const std::string& key,
                        const std::string& query) {
  HttpRequest http;
  http.method = "GET";
  http.url = join_url(provider.base_url, "/models" + (query.empty() ? "" : "?" + query));
  http.headers = {{"accept", "application/json"}};
  if (provider.dialect == Dialect::anthropic_messages) {
    http.headers.emplace_back("anthropic-version", "2023-06-01");
  }
  if (!key.empty()) http.headers.push_back(dialect_of(provider.dialect)->key_header(key));
  http.stall_timeout = std::chrono::seconds(20);
  http.total_timeout = std::chrono::seconds(60);
  return http;
}

// "-20251001" or "-2025-10-01".
bool is_date(std::string_view text) {
  std::size_t digits = 0;
  for (const char c : text) digits += c >= '0' && c <= '9' ? 1 : 0;
  return digits == 8 && text.front() == '-' && (text.size() == 9 || text.size() == 11) &&
         text.find_first_not_of("-0123456789") == std::string_view::npos;
}

}  // namespace

Result<ModelPage> read_model_list(std::string_view body) {
  MIX_TRY(const Json root, parse_json(body));
  const Json& entries = entries_of(root);
  if (!entries.is_array()) return fail(ErrorCode::protocol, "the answer is no list of models");
  ModelPage page;
  for (const auto& entry : entries) {
    if (auto model = model_of(entry)) page.models.push_back(std::move(*model));
  }
  const Json& more = member(root, "has_more");
  const auto last = string_or(root, "last_id"), token = string_or(root, "nextPageToken");
  if (more.is_boolean() && more.get<bool>() && !last.empty())
    page.next = "limit=1000&after_id=" + escaped(last);
  if (!token.empty()) page.next = "pageSize=1000&pageToken=" + escaped(token);
  return page;
}

Result<std::vector<ListedModel>> fetch_model_list(const Provider& provider, const std::string& key,
                                                  Http& http, const Cancel& cancel) {
  MIX_OK(check_address(provider));
  if (dialect_of(provider.dialect) == nullptr) {
    return fail(ErrorCode::config, "recorded answers list no models", "provider " + provider.name);
  }
  std::vector<ListedModel> models;
  std::string query = first_query(provider.dialect);
  for (int page = 0; page < most_pages; ++page) {
    MIX_TRY(const auto reply, http.send(request_for(provider, key, query), nullptr, cancel));
    if (reply.status < 200 || reply.status >= 300) {
      Error error = provider_error(reply.status, reply.headers, reply.body, 0);
      error.where = "provider " + provider.name;
      if (key.size() >= 6) error.what = replace_all(error.what, key, "[key]");
      return fail(std::move(error));
    }
    MIX_TRY(auto part, read_model_list(reply.body));
    models.insert(models.end(), part.models.begin(), part.models.end());
    if (part.next.empty() || part.next == query) break;
    query = part.next;
  }
  return models;
}

bool lists(const std::vector<ListedModel>& models, std::string_view id) {
  return std::any_of(models.begin(), models.end(), [&](const ListedModel& model) {
    const std::string_view listed = model.id;
    if (listed.substr(0, id.size()) != id) return false;
    const auto rest = listed.substr(id.size());
    return rest.empty() || is_date(rest);
  });
}

std::string encode_model_list(const std::vector<ListedModel>& models, std::int64_t fetched_ms) {
  Json list = Json::array();
  for (const auto& model : models) {
    Json entry = {{"id", model.id}, {"window", model.window}, {"max_output", model.max_output}};
    if (const auto& price = model.price) {
      entry["pico"] = {price->input.pico, price->output.pico, price->cached_input.pico,
                       price->cache_write.pico};
    }
    list.push_back(std::move(entry));
  }
  return dump_json({{"fetched_ms", fetched_ms}, {"models", list}});
}

Result<CachedList> decode_model_list(std::string_view text) {
  MIX_TRY(const Json root, parse_json(text));
  CachedList cached;
  cached.fetched_ms = int_or(root, "fetched_ms");
  const Json& list = member(root, "models");
  if (!list.is_array() || cached.fetched_ms == 0)
    return fail(ErrorCode::protocol, "no list of models");
  for (const auto& entry : list) {
    ListedModel model{
        string_or(entry, "id"), {}, int_or(entry, "window"), int_or(entry, "max_output")};
    const Json& pico = member(entry, "pico");
    const auto number = [&](std::size_t i) {
      return Money{pico[i].is_number_integer() ? pico[i].get<std::int64_t>() : 0};
    };
    if (pico.is_array() && pico.size() == 4) {
      model.price = Price{number(0), number(1), number(2), number(3)};
    }
    cached.models.push_back(std::move(model));
  }
  return cached;
}

}  // namespace mixagent
