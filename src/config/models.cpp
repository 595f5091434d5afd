#include "config/models.h"

#include "base/text.h"
#include "config/catalog.h"

#include <algorithm>

namespace mixagent {

namespace {

std::string place_of(const ConfigDraft& draft, const KeyPath& path) {
  const auto found = draft.given.find(show_key(path));
  return found != draft.given.end() ? found->second : "built in";
}

bool given(const ConfigDraft& draft, const KeyPath& path) {
  return draft.given.count(show_key(path)) != 0;
}

// Where a seat, or the one that it starts from, was told its models.
std::string place_in_seat(const ConfigDraft& draft, const std::string& seat,
                          std::initializer_list<const char*> keys) {
  for (const std::string& name : {seat, draft.seats.at(seat).inherits}) {
    for (const char* key : keys) {
      if (given(draft, {"seats", name, key})) return place_of(draft, {"seats", name, key});
    }
  }
  return "seat " + seat;
}

// Host of "scheme://host:port/path", lower case, without brackets.
std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto user = url.rfind('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
  if (!url.empty() && url.front() == '[') return lower(url.substr(1, url.find(']') - 1));
  return lower(url.substr(0, url.find(':')));
}

std::string built_in_id(const CatalogModel& row, const Model& model) {
  if (model.provider == row.provider || model.provider == "openrouter") {
    Model known = model_from(row, model.provider);
    if (!known.id.empty()) return known.id;
  }
  return row.name;
}

// Direct when there is a key, else OpenRouter when there is one, else direct (and unreachable).
std::string built_in_provider(const Lineup& lineup, const CatalogModel& row,
                              const Environment& env) {
  const auto ready = [&](const std::string& name) {
    const auto found = lineup.providers.find(name);
    return found != lineup.providers.end() && reachable(found->second, env);
  };
  const bool elsewhere = *row.openrouter != '\0' && ready("openrouter");
  return !ready(row.provider) && elsewhere ? "openrouter" : row.provider;
}

std::string vendor_of(const Model& model) {
  const auto slash = model.name.find('/');
  std::string vendor = slash != std::string::npos ? model.name.substr(0, slash) : model.provider;
  for (const CatalogModel& row : catalog_models()) {
    if (std::string_view(row.name).substr(0, vendor.size() + 1) == vendor + "/") return row.family;
  }
  return vendor;
}

// As given: USD per 1,000,000 tokens.
Money per_token(Money per_million) {
  return {per_million.pico / 1'000'000};
}

Result<void> settle_price(ConfigDraft& draft, Model& model, const Provider& provider) {
  const auto found = draft.prices.find(model.name);
  if (found == draft.prices.end()) {
    const bool free = provider.dialect == Dialect::replay || is_loopback(provider.base_url);
    if (!model.price && free) model.price = Price{};
    return {};
  }
  const auto& parts = found->second;
  if (!model.price && (parts.count("input") == 0 || parts.count("output") == 0)) {
    return fail(ErrorCode::config, "a price needs both input and output",
                "[models." + quote_toml(model.name) + "]");
  }
  Price price = model.price.value_or(Price{});
  // A new input price takes the discounts that belonged to the old one along.
  if (const auto input = parts.find("input"); input != parts.end()) {
    price.input = price.cached_input = price.cache_write = per_token(input->second);
  }
  if (const auto output = parts.find("output"); output != parts.end())
    price.output = per_token(output->second);
  if (const auto it = parts.find("cached_input"); it != parts.end())
    price.cached_input = per_token(it->second);
  if (const auto it = parts.find("cache_write"); it != parts.end())
    price.cache_write = per_token(it->second);
  model.price = price;
  model.priced_on = "configured";
  return {};
}

Result<void> settle_model(ConfigDraft& draft, Model& model, const Environment& env) {
  const Lineup& lineup = draft.config.lineup;
  const CatalogModel* row = find_catalog_model(model.name);
  if (model.provider.empty() && row != nullptr) {
    model.provider = built_in_provider(lineup, *row, env);
  }
  if (model.provider.empty()) {
    std::vector<std::string> names;
    for (const CatalogModel& known : catalog_models()) names.emplace_back(known.name);
    const std::string near = nearest(model.name, names);
    return fail(ErrorCode::config,
                "model \"" + model.name + "\" is not in the catalogue and names no provider",
                "[models." + quote_toml(model.name) + "]",
                near.empty() ? "add provider = \"...\"" : "did you mean \"" + near + "\"?");
  }
  const auto provider = lineup.providers.find(model.provider);
  if (provider == lineup.providers.end()) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : lineup.providers) names.push_back(name);
    const std::string near = nearest(model.provider, names);
    return fail(
        ErrorCode::config, "there is no provider \"" + model.provider + "\"",
        place_of(draft, {"models", model.name, "provider"}),
        near.empty() ? "providers: " + join(names, ", ") : "did you mean \"" + near + "\"?");
  }
  if (!given(draft, {"models", model.name, "id"})) {
    model.id = row != nullptr ? built_in_id(*row, model) : model.name;
  }
  if (model.family.empty()) model.family = vendor_of(model);
  return settle_price(draft, model, provider->second);
}

}  // namespace

bool is_loopback(std::string_view base_url) {
  const std::string host = host_of(base_url);
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

// A variable that the user named is needed even on this machine; one that only came with the
// catalogue's row is not.
bool reachable_without_key(const Provider& provider) {
  if (provider.dialect == Dialect::replay) return true;
  if (!provider.api_key_cmd.empty()) return false;
  if (provider.api_key_env.empty()) return true;
  const auto& rows = catalog_providers();
  const bool came_along = std::any_of(rows.begin(), rows.end(), [&](const Provider& row) {
    return row.name == provider.name && row.api_key_env == provider.api_key_env;
  });
  return came_along && is_loopback(provider.base_url);
}

bool reachable(const Provider& provider, const Environment& env) {
  if (reachable_without_key(provider) || !provider.api_key_cmd.empty()) return true;
  const auto key = env.find(provider.api_key_env);
  return key != env.end() && !trim(key->second).empty();
}

Result<void> settle_providers(ConfigDraft& draft) {
  for (auto& [name, provider] : draft.config.lineup.providers) {
    const std::string at = place_of(draft, {"providers", name, "base_url"});
    // Whoever stands in for OpenAI at another address serves its older interface, and often only
    // it.
    const bool moved =
        given(draft, {"providers", name, "base_url"}) && !given(draft, {"providers", name, "api"});
    if (moved && provider.dialect == Dialect::openai_responses)
      provider.dialect = Dialect::openai_chat;
    const std::string& url = provider.base_url;
    if (url.empty()) {
      return fail(ErrorCode::config, "provider \"" + name + "\" has no base_url",
                  "[providers." + name + "]",
                  "add base_url = \"https://.../v1\" (for api = \"replay\" a scenario file)");
    }
    if (provider.dialect == Dialect::replay) continue;
    const bool secure = url.starts_with("https://"), plain = url.starts_with("http://");
    if ((!secure && !plain) || host_of(url).empty()) {
      return fail(ErrorCode::config, "\"" + url + "\" is no http address", at,
                  "write it as https://host/v1");
    }
    if (plain && !is_loopback(url) && !provider.allow_http) {
      return fail(ErrorCode::config, "plain http to another machine would show the key to others",
                  at, "use https, or set providers." + name + ".allow_http = true");
    }
  }
  return {};
}

Result<void> settle_models(ConfigDraft& draft, const Environment& env) {
  for (auto& [name, model] : draft.config.lineup.models) {
    MIX_OK(settle_model(draft, model, env));
  }
  return {};
}

std::string resolve_model(const Lineup& lineup, const std::string& name) {
  if (lineup.models.count(name) != 0) return name;
  for (const bool by_id : {false, true}) {
    std::string found;
    int hits = 0;
    for (const auto& [own, model] : lineup.models) {
      const auto slash = own.rfind('/');
      const std::string short_name = slash == std::string::npos ? own : own.substr(slash + 1);
      if ((by_id ? model.id : short_name) != name) continue;
      found = own;
      ++hits;
    }
    if (hits == 1) return found;
  }
  return {};
}

Result<void> resolve_names(ConfigDraft& draft) {
  Lineup& lineup = draft.config.lineup;
  std::vector<std::string> known;
  for (const auto& [name, model] : lineup.models) known.push_back(name);
  const auto resolve = [&](std::vector<std::string>& names,
                           const std::string& place) -> Result<void> {
    for (std::string& name : names) {
      const std::string own = resolve_model(lineup, name);
      if (own.empty()) {
        const std::string near = nearest(name, known);
        return fail(ErrorCode::config, "there is no model \"" + name + "\"", place,
                    (near.empty() ? std::string() : "did you mean \"" + near + "\"? ") +
                        "`mixagent models` lists the known ones; others need [models." +
                        quote_toml(name) + "] with a provider");
      }
      name = own;
    }
    return {};
  };
  for (auto& [name, model] : lineup.models) {
    MIX_OK(resolve(model.fallback, place_of(draft, {"models", name, "fallback"})));
  }
  for (auto& [name, seat] : lineup.seats) {
    MIX_OK(resolve(seat.ladder, place_in_seat(draft, name, {"model", "ladder"})));
    MIX_OK(resolve(seat.fallback, place_in_seat(draft, name, {"fallback"})));
  }
  return {};
}

}  // namespace mixagent
