#include "config/load.h"

#include "base/text.h"
#include "config/catalog.h"
#include "config/lineup.h"
#include "config/settings.h"

#include <algorithm>

namespace mixagent {

namespace {

class Layers {
 public:
  Layers(ConfigDraft& draft, bool project_trusted)
      : draft_(draft), project_trusted_(project_trusted) {}

  Result<void> lay(const Setting& setting) {
    const KeyMatch match = match_key(setting.path);
    const std::string name = show_key(setting.path);
    if (match.key == nullptr) return unknown(setting, name);
    MIX_OK(check_names(setting, match));
    const bool typed = setting.layer == Layer::environment || setting.layer == Layer::command_line;
    auto value = read_value(match.key->shape, setting.value, typed);
    if (!value) {
      return fail(ErrorCode::config, name + ": " + value.error().what, setting.origin,
                  std::string(match.key->help));
    }
    if (setting.layer == Layer::project && !project_trusted_) {
      MIX_OK(check_trust(setting, *match.key, name, *value));
    }
    if (setting.layer != Layer::built_in) draft_.given[name] = setting.origin;
    match.key->set(draft_, match.names, *value);
    shown_[name] = {show_value(match.key->shape, *value), setting.origin};
    now_[name] = *std::move(value);
    return {};
  }

  std::map<std::string, ConfigValue> take_shown() { return std::move(shown_); }

 private:
  static Result<void> unknown(const Setting& setting, const std::string& name) {
    if (is_key_table(setting.path)) {
      const TomlTable* table = setting.value.table();
      if (table != nullptr && table->empty()) return {};
      return fail(ErrorCode::config, name + ": expected a table of keys", setting.origin,
                  "write it as [" + name + "]");
    }
    return fail(ErrorCode::config, "unknown key \"" + name + "\"", setting.origin,
                suggest_key(setting.path));
  }

  // Names that are not free to choose: seats, and the actions of steps.
  Result<void> check_names(const Setting& setting, const KeyMatch& match) const {
    std::vector<std::string> known;
    const std::string pattern = match.key->pattern;
    if (pattern.starts_with("seats.") || pattern == "budget.seats.*") {
      for (const auto& [name, unused] : draft_.seats) known.push_back(name);
    } else if (pattern == "review.accept_score.*") {
      for (const auto name : enum_names(StepAction{})) known.emplace_back(name);
    } else {
      return {};
    }
    const std::string& name = match.names[0];
    if (std::find(known.begin(), known.end(), name) != known.end()) return {};
    const std::string near = nearest(name, known);
    return fail(ErrorCode::config,
                "unknown key \"" + show_key(setting.path) + "\": there is no \"" + name + "\"",
                setting.origin,
                near.empty() ? "known: " + join(known, ", ") : "did you mean \"" + near + "\"?");
  }

  Result<void> check_trust(const Setting& setting, const Key& key, const std::string& name,
                           const KeyValue& wanted) const {
    if (key.trust == Trust::anywhere) return {};
    const auto now = now_.find(name);
    const bool tightens = key.trust == Trust::tighten &&
                          !looser(key.shape, now != now_.end() ? now->second : KeyValue{}, wanted);
    if (tightens) return {};
    return fail(ErrorCode::config,
                key.trust == Trust::tighten
                    ? "a project may only tighten \"" + name + "\", not loosen it"
                    : "a project may not set \"" + name + "\"",
                setting.origin,
                "set it in your own config.toml, or trust this folder: mixagent config trust");
  }

  ConfigDraft& draft_;
  bool project_trusted_;
  std::map<std::string, KeyValue> now_;
  std::map<std::string, ConfigValue> shown_;
};

Result<ConfigDraft> built_in_draft(const ConfigSources& sources) {
  ConfigDraft draft;
  Lineup& lineup = draft.config.lineup;
  MIX_TRY(draft.seats, load_seats(sources.agents));
  for (const auto& [name, file] : draft.seats) lineup.seats[name] = file.seat;
  for (const Provider& provider : catalog_providers()) lineup.providers[provider.name] = provider;
  for (const CatalogModel& row : catalog_models()) {
    Model model = model_from(row, row.provider);
    model.provider.clear();  // chosen when the keys are known
    model.id.clear();
    lineup.models[row.name] = std::move(model);
  }
  return draft;
}

Result<void> lay_defaults(Layers& layers) {
  for (const Key& key : config_keys()) {
    if (*key.initial == '\0') continue;
    MIX_OK(layers.lay({split(key.pattern, '.'), parse_toml_value(key.initial, {"built in", 0, 0}),
                       "built in", Layer::built_in}));
  }
  return {};
}

// What the layers did not say, because it was chosen or comes with the seat.
void show_seats(const ConfigDraft& draft, std::map<std::string, ConfigValue>& values) {
  for (const auto& [name, seat] : draft.config.lineup.seats) {
    const std::string prefix = "seats." + name + ".";
    const std::string& parent = draft.seats.at(name).inherits;
    const bool as_parent =
        !parent.empty() && draft.given.count("seats." + parent + ".ladder") +
                                   draft.given.count("seats." + parent + ".model") !=
                               0;
    if (!seat.ladder.empty() && values.count(prefix + "model") == 0 &&
        values.count(prefix + "ladder") == 0) {
      KeyValue ladder;
      ladder.list = seat.ladder;
      values[prefix + "ladder"] = {
          show_value(list_value(), ladder),
          as_parent ? "as seats." + parent : "built in, for the keys that are present"};
    }
    const auto number = [&](const char* key, std::int64_t value) {
      values.emplace(prefix + key, ConfigValue{std::to_string(value), "built in"});
    };
    number("max_turns", seat.max_turns);
    number("max_output", seat.max_output);
    if (seat.tools.size() > 4) number("check_retries", seat.check_retries);
  }
}

}  // namespace

Result<LoadedConfig> load_config(const ConfigSources& sources, bool need_models) {
  MIX_TRY(ConfigDraft draft, built_in_draft(sources));
  MIX_TRY(const std::vector<Setting> settings, collect_settings(sources, draft.seats));
  Layers layers(draft, sources.project_trusted);
  MIX_OK(lay_defaults(layers));
  for (const Setting& setting : settings) MIX_OK(layers.lay(setting));

  LoadedConfig loaded;
  LineupNeeds needs;
  needs.models = need_models;
  needs.allow_unpriced = sources.allow_unpriced;
  MIX_OK(settle_lineup(draft, sources.env, needs, loaded.notes));
  loaded.values = layers.take_shown();
  show_seats(draft, loaded.values);
  loaded.config = std::move(draft.config);
  return loaded;
}

}  // namespace mixagent
