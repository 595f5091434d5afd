#include "config/settings.h"

#include "base/text.h"

#include <algorithm>

namespace mixagent {

namespace {

std::string place_text(const TomlPlace& place) {
  return place.line > 0 ? describe(place) : place.file;
}

// Tables become paths; whatever is no table is a setting.
void flatten(const TomlValue& value, const KeyPath& path, Layer layer,
             std::vector<Setting>& settings) {
  const TomlTable* table = value.table();
  if (table == nullptr || table->empty()) {
    settings.push_back({path, value, place_text(value.place), layer});
    return;
  }
  for (const auto& [name, member] : *table) {
    KeyPath longer = path;
    longer.push_back(name);
    flatten(member, longer, layer, settings);
  }
}

Result<void> add_file(const ConfigText& text, Layer layer, std::vector<Setting>& settings) {
  MIX_TRY(const TomlTable table, parse_toml(text.text, text.file));
  for (const auto& [name, value] : table) flatten(value, {name}, layer, settings);
  return {};
}

constexpr std::string_view env_prefix = "MIXAGENT_";

bool reserved_variable(const std::string& name) {
  return name == "MIXAGENT_DATA" || name.starts_with("MIXAGENT_TEST_");
}

// MIXAGENT_BUDGET__RUN_USD -> budget.run_usd
KeyPath variable_path(const std::string& name) {
  const std::string text = lower(std::string_view(name).substr(env_prefix.size()));
  KeyPath path;
  std::size_t from = 0;
  for (auto at = text.find("__"); at != std::string::npos; at = text.find("__", from)) {
    path.push_back(text.substr(from, at - from));
    from = at + 2;
  }
  path.push_back(text.substr(from));
  return path;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::string suggest_variable(const std::string& name) {
  std::vector<std::string> known;
  for (const Key& key : config_keys()) {
    const std::string pattern = key.pattern;
    if (pattern.find('*') != std::string::npos) continue;
    known.push_back(std::string(env_prefix) + upper(replace_all(pattern, ".", "__")));
  }
  const std::string near = nearest(name, known);
  return near.empty() ? "a section and a key are joined by two underscores, as in "
                        "MIXAGENT_BUDGET__RUN_USD"
                      : "did you mean " + near + "?";
}

Result<void> add_environment(const std::map<std::string, std::string>& env,
                             std::vector<Setting>& settings) {
  for (const auto& [name, text] : env) {
    if (name.rfind(env_prefix, 0) != 0 || reserved_variable(name)) continue;
    const KeyPath path = variable_path(name);
    if (match_key(path).key == nullptr) {
      return fail(ErrorCode::config, "unknown key \"" + show_key(path) + "\"", name,
                  suggest_variable(name));
    }
    settings.push_back({path, parse_toml_value(text, {name, 0, 0}), name, Layer::environment});
  }
  return {};
}

Result<void> add_override(const std::string& text, std::vector<Setting>& settings) {
  char quote = 0;
  std::size_t equals = 0;
  for (; equals < text.size(); ++equals) {
    const char c = text[equals];
    if (quote != 0)
      quote = c == quote ? '\0' : quote;
    else if (c == '"' || c == '\'')
      quote = c;
    else if (c == '=')
      break;
  }
  if (equals == text.size()) {
    return fail(ErrorCode::usage, "\"" + text + "\" is no key=value", "-c",
                "write for example -c run.jobs=2");
  }
  MIX_TRY(const KeyPath path, parse_key(std::string(trim(text.substr(0, equals)))));
  const std::string value(trim(text.substr(equals + 1)));
  flatten(parse_toml_value(value, {"-c", 0, 0}), path, Layer::command_line, settings);
  return {};
}

Result<void> add_seat(const std::string& text, const std::map<std::string, SeatFile>& seats,
                      std::vector<Setting>& settings) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    return fail(ErrorCode::usage, "\"" + text + "\" is no NAME=MODEL", "--seat",
                "write for example --seat worker=openai/gpt-5.4");
  }
  const std::string name = text.substr(0, equals);
  if (seats.count(name) == 0) {
    std::vector<std::string> names;
    names.reserve(seats.size());
    for (const auto& [known, unused] : seats) names.push_back(known);
    return fail(ErrorCode::usage, "there is no seat \"" + name + "\"", "--seat",
                "seats: " + join(names, ", "));
  }
  TomlValue value;
  value.value = text.substr(equals + 1);
  settings.push_back({{"seats", name, "model"}, value, "--seat", Layer::command_line});
  return {};
}

}  // namespace

Result<std::vector<Setting>> collect_settings(const ConfigSources& sources,
                                              const std::map<std::string, SeatFile>& seats) {
  std::vector<Setting> settings;
  if (sources.user) MIX_OK(add_file(*sources.user, Layer::user, settings));
  if (sources.project) MIX_OK(add_file(*sources.project, Layer::project, settings));
  MIX_OK(add_environment(sources.env, settings));
  for (const std::string& text : sources.overrides) MIX_OK(add_override(text, settings));
  for (const auto& flag : sources.flags) {
    MIX_TRY(const KeyPath path, parse_key(flag.key));
    settings.push_back(
        {path, parse_toml_value(flag.value, {flag.flag, 0, 0}), flag.flag, Layer::command_line});
  }
  for (const std::string& text : sources.seats) MIX_OK(add_seat(text, seats, settings));
  return settings;
}

}  // namespace mixagent
