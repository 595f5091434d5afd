#pragma once
// TOML files as a flat list of values that remember where they stand. The only home of toml++.

#include "mixagent/error.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mixagent {

struct TomlPlace {
  std::string file;  // as given: a path, "-c", "environment"
  int line = 0, column = 0;
};
std::string describe(const TomlPlace& place);  // "mixagent.toml:3:1"

struct TomlValue;
using TomlArray = std::vector<TomlValue>;
// Order of keys is not kept by toml++; sorted.
using TomlTable = std::map<std::string, TomlValue>;

struct TomlValue {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, TomlArray, TomlTable> value;
  TomlPlace place;     // of the key
  std::string source;  // numbers: as written ("0.27"), so that money stays exact

  const TomlTable* table() const { return std::get_if<TomlTable>(&value); }
  const TomlArray* array() const { return std::get_if<TomlArray>(&value); }
  const std::string* string() const { return std::get_if<std::string>(&value); }
};

// Error config "file:line:column: what" on a syntax error.
Result<TomlTable> parse_toml(std::string_view text, const std::string& file);
// A single value as in `-c key=value`; what is no TOML is a string.
TomlValue parse_toml_value(std::string_view text, const TomlPlace& place);
std::string quote_toml(std::string_view text);  // a basic string, escaped

}  // namespace mixagent
