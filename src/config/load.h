#pragma once
// The layers of the configuration: built in < user's file < mixagent.toml < environment < -c <
// flags. Pure over the texts that it is given (config/sources.h reads them), so a run is a function
// of its inputs.

#include "mixagent/config.h"
#include "mixagent/error.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mixagent {

struct ConfigText {
  std::string file;  // as shown to people
  std::string text;
};

struct ConfigSources {
  std::optional<ConfigText> user, project;
  bool project_trusted = false;  // `mixagent config trust`
  std::map<std::string, std::string> env;
  std::vector<std::string> overrides;  // -c: "key=value"
  // Flags that set a key: {"--max-budget-usd", "budget.run_usd", "2"}; the value is read as TOML.
  struct Flag {
    std::string flag, key, value;
  };
  std::vector<Flag> flags;
  std::vector<std::string> seats;            // --seat: "NAME=MODEL"
  bool allow_unpriced = false;               // --allow-unpriced
  std::map<std::string, ConfigText> agents;  // the user's agents/NAME.toml, by name
};

// Where an effective value came from, by full key ("budget.run_usd").
struct ConfigValue {
  std::string value;   // as TOML
  std::string origin;  // "built in", "mixagent.toml:3:1", "MIXAGENT_BUDGET__RUN_USD", "-c",
                       // "--max-budget-usd"
};

struct LoadedConfig {
  Config config;
  std::map<std::string, ConfigValue> values;  // every key with a value, defaults included
  std::vector<std::string> notes;  // lines for people: the lineup chosen, one family only, ...
};

// `need_models` is false for commands that never call a model (sandbox, context, runs, show,
// config): missing keys are no error then. Errors: config (unknown key with the nearest, wrong
// type, the project loosening what the user has; always with file:line:column), auth (no key,
// listing the variables), usage (an unpriced model under a cap).
Result<LoadedConfig> load_config(const ConfigSources& sources, bool need_models = true);

}  // namespace mixagent
