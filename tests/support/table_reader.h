#pragma once
// Reading a TOML table strictly: every key must be asked for, and the first fault is kept with its
// place. For tests' own files. One thread.

#include "base/json.h"
#include "base/toml.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mixagent {

class TableReader {
 public:
  TableReader(const TomlTable& table, std::string what) : table_(table), what_(std::move(what)) {}

  // A missing key gives the fallback; a wrong type is a fault.
  std::string text(const std::string& key, std::string fallback = {});
  std::int64_t number(const std::string& key, std::int64_t fallback = 0);
  double real(const std::string& key, double fallback = 0);
  bool flag(const std::string& key, bool fallback = false);
  std::vector<std::string> texts(const std::string& key);  // an array, or a single string
  std::map<std::string, std::string> text_map(const std::string& key);
  std::map<std::string, std::int64_t> number_map(const std::string& key);
  const TomlTable* table(const std::string& key);
  std::vector<const TomlTable*> tables(const std::string& key);  // [[key]]
  const TomlValue* value(const std::string& key);
  bool has(const std::string& key) const { return table_.contains(key); }

  // The first fault: a wrong type, or a key that nobody asked for.
  Result<void> finish();

 private:
  void fault(const TomlValue& value, const std::string& expected);

  const TomlTable& table_;
  const std::string what_;
  std::set<std::string> asked_;
  std::optional<Error> fault_;
};

Json toml_to_json(const TomlValue& value);
// "a"."b" = value lines of every leaf: any table as TOML text again.
std::string dump_toml(const TomlTable& table);
// `over` wins; tables are merged at every depth.
TomlTable merge_toml(TomlTable base, const TomlTable& over);

}  // namespace mixagent
