#include "support/table_reader.h"

#include "base/text.h"

namespace mixagent {

void TableReader::fault(const TomlValue& value, const std::string& expected) {
  if (!fault_)
    fault_ = fail(ErrorCode::config, "expected " + expected, describe(value.place)).value();
}

const TomlValue* TableReader::value(const std::string& key) {
  asked_.insert(key);
  const auto found = table_.find(key);
  return found == table_.end() ? nullptr : &found->second;
}

std::string TableReader::text(const std::string& key, std::string fallback) {
  const TomlValue* found = value(key);
  if (found == nullptr) return fallback;
  if (found->string() == nullptr) fault(*found, "a string");
  return found->string() != nullptr ? *found->string() : fallback;
}

std::int64_t TableReader::number(const std::string& key, std::int64_t fallback) {
  const TomlValue* found = value(key);
  if (found == nullptr) return fallback;
  const auto* number = std::get_if<std::int64_t>(&found->value);
  if (number == nullptr) fault(*found, "a whole number");
  return number != nullptr ? *number : fallback;
}

double TableReader::real(const std::string& key, double fallback) {
  const TomlValue* found = value(key);
  if (found == nullptr) return fallback;
  if (const auto* real = std::get_if<double>(&found->value)) return *real;
  return static_cast<double>(number(key));
}

bool TableReader::flag(const std::string& key, bool fallback) {
  const TomlValue* found = value(key);
  if (found == nullptr) return fallback;
  const auto* flag = std::get_if<bool>(&found->value);
  if (flag == nullptr) fault(*found, "true or false");
  return flag != nullptr ? *flag : fallback;
}

std::vector<std::string> TableReader::texts(const std::string& key) {
  const TomlValue* found = value(key);
  if (found == nullptr) return {};
  if (found->string() != nullptr) return {*found->string()};
  std::vector<std::string> texts;
  if (found->array() == nullptr) {
    fault(*found, "an array of strings");
    return texts;
  }
  for (const TomlValue& item : *found->array()) {
    if (item.string() == nullptr) {
      fault(item, "a string");
    } else {
      texts.push_back(*item.string());
    }
  }
  return texts;
}

std::map<std::string, std::string> TableReader::text_map(const std::string& key) {
  std::map<std::string, std::string> texts;
  const TomlTable* found = table(key);
  if (found == nullptr) return texts;
  for (const auto& [name, item] : *found) {
    if (item.string() == nullptr) {
      fault(item, "a string");
    } else {
      texts[name] = *item.string();
    }
  }
  return texts;
}

std::map<std::string, std::int64_t> TableReader::number_map(const std::string& key) {
  std::map<std::string, std::int64_t> numbers;
  const TomlTable* found = table(key);
  if (found == nullptr) return numbers;
  for (const auto& [name, item] : *found) {
    const auto* number = std::get_if<std::int64_t>(&item.value);
    if (number == nullptr) {
      fault(item, "a whole number");
    } else {
      numbers[name] = *number;
    }
  }
  return numbers;
}

const TomlTable* TableReader::table(const std::string& key) {
  const TomlValue* found = value(key);
  if (found == nullptr) return nullptr;
  if (found->table() == nullptr) fault(*found, "a table");
  return found->table();
}

std::vector<const TomlTable*> TableReader::tables(const std::string& key) {
  std::vector<const TomlTable*> tables;
  const TomlValue* found = value(key);
  if (found == nullptr) return tables;
  if (found->array() == nullptr) {
    fault(*found, "an array of tables");
    return tables;
  }
  for (const TomlValue& item : *found->array()) {
    if (item.table() == nullptr) {
      fault(item, "a table");
    } else {
      tables.push_back(item.table());
    }
  }
  return tables;
}

Result<void> TableReader::finish() {
  if (fault_) return fail(*fault_);
  for (const auto& [key, item] : table_) {
    if (asked_.contains(key)) continue;
    const std::vector<std::string> known(asked_.begin(), asked_.end());
    const std::string near = nearest(key, known);
    return fail(ErrorCode::config, "unknown key '" + key + "' in " + what_, describe(item.place),
                near.empty() ? "" : "did you mean '" + near + "'?");
  }
  return {};
}

namespace {

struct ToJson {
  Json operator()(std::monostate) const { return {}; }
  Json operator()(const TomlArray& array) const {
    Json json = Json::array();
    for (const TomlValue& item : array) json.push_back(toml_to_json(item));
    return json;
  }
  Json operator()(const TomlTable& table) const {
    Json json = Json::object();
    for (const auto& [key, item] : table) json[key] = toml_to_json(item);
    return json;
  }
  template <class T>
  Json operator()(const T& plain) const {
    return Json(plain);
  }
};

// JSON's spelling of a leaf is TOML's too, but for strings and tables inside arrays.
std::string leaf(const TomlValue& value) {
  if (value.string() != nullptr) return quote_toml(*value.string());
  if (!value.source.empty() && value.array() == nullptr && value.table() == nullptr) {
    return value.source;
  }
  std::vector<std::string> items;
  if (const TomlArray* array = value.array()) {
    for (const TomlValue& item : *array) items.push_back(leaf(item));
    return "[" + join(items, ", ") + "]";
  }
  if (const TomlTable* table = value.table()) {
    for (const auto& [key, item] : *table) items.push_back(quote_toml(key) + " = " + leaf(item));
    return "{" + join(items, ", ") + "}";
  }
  return dump_json(toml_to_json(value));
}

void dump_below(const TomlTable& table, const std::string& prefix, std::string& out) {
  for (const auto& [key, item] : table) {
    const std::string name = prefix + quote_toml(key);
    if (const TomlTable* inner = item.table()) {
      dump_below(*inner, name + ".", out);
    } else {
      out += name + " = " + leaf(item) + "\n";
    }
  }
}

}  // namespace

Json toml_to_json(const TomlValue& value) {
  return std::visit(ToJson{}, value.value);
}

std::string dump_toml(const TomlTable& table) {
  std::string out;
  dump_below(table, "", out);
  return out;
}

TomlTable merge_toml(TomlTable base, const TomlTable& over) {
  for (const auto& [key, item] : over) {
    TomlValue& slot = base[key];
    if (item.table() != nullptr && slot.table() != nullptr) {
      slot.value = merge_toml(*slot.table(), *item.table());
    } else {
      slot = item;
    }
  }
  return base;
}

}  // namespace mixagent
