#pragma once
// What the layers say, one setting after the other, before anyone judges it.

#include "base/toml.h"
#include "config/keys.h"
#include "config/load.h"

#include <string>
#include <vector>

namespace mixagent {

enum class Layer { built_in, user, project, environment, command_line };

// One key with its value, from one layer.
struct Setting {
  KeyPath path;
  TomlValue value;
  std::string origin;  // where it stands, for people
  Layer layer = Layer::built_in;
};

// Every setting above the built-in layer, lowest layer first. Errors: config (syntax, a variable
// that means no key), usage (-c and --seat that cannot be read).
Result<std::vector<Setting>> collect_settings(const ConfigSources& sources,
                                              const std::map<std::string, SeatFile>& seats);

}  // namespace mixagent
