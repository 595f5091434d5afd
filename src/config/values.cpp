#include "config/values.h"

#include "base/text.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace mixagent {

namespace {

tl::unexpected<Error> expected(const std::string& what) {
  return fail(ErrorCode::config, "expected " + what);
}

std::string show_number(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.15g", number);
  return text;
}

std::optional<double> number_of(const TomlValue& value) {
  if (const auto* real = std::get_if<double>(&value.value)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(&value.value)) {
    return static_cast<double>(*whole);
  }
  return std::nullopt;
}

// What a person typed, where TOML saw a number or a word of its own.
std::string as_typed(const TomlValue& value) {
  if (const auto* yes = std::get_if<bool>(&value.value)) return *yes ? "true" : "false";
  return value.source;
}

Result<std::string> read_string(const TomlValue& value, bool lenient) {
  if (value.string() != nullptr) return *value.string();
  if (lenient && value.array() == nullptr && value.table() == nullptr) {
    if (std::string typed = as_typed(value); !typed.empty()) return typed;
  }
  return expected("a string");
}

Result<std::int64_t> read_whole(const ValueShape& shape, const TomlValue& value) {
  const auto* whole = std::get_if<std::int64_t>(&value.value);
  const bool fits = whole != nullptr && static_cast<double>(*whole) >= shape.least &&
                    static_cast<double>(*whole) <= shape.most;
  if (!fits) return expected("a " + describe_shape(shape));
  return *whole;
}

Result<double> read_number(double least, double most, const TomlValue& value) {
  const auto number = number_of(value);
  if (!number || !(*number >= least && *number <= most)) {
    return expected("a number from " + show_number(least) + " to " + show_number(most));
  }
  return *number;
}

Result<std::optional<Money>> read_money(const TomlValue& value) {
  if (value.string() != nullptr && *value.string() == "none") return std::optional<Money>();
  const auto number = number_of(value);
  if (!number) return expected("an amount of USD, or \"none\"");
  auto money = value.source.empty() ? money_from_usd(*number) : parse_usd(value.source);
  if (!money) return expected("an amount of USD from 0 on, or \"none\"");
  return std::optional<Money>(*money);
}

Result<std::vector<std::string>> read_list(const TomlValue& value, bool lenient) {
  std::vector<std::string> list;
  if (value.array() != nullptr) {
    for (const TomlValue& item : *value.array()) {
      if (item.string() == nullptr) return expected("a list of strings");
      list.push_back(*item.string());
    }
    return list;
  }
  if (lenient && value.string() != nullptr) {
    if (!value.string()->empty()) list.push_back(*value.string());
    return list;
  }
  return expected("a list of strings");
}

Result<std::int64_t> read_choice(const ValueShape& shape, const TomlValue& value) {
  const auto names = split(shape.choices, '|');
  if (value.string() != nullptr) {
    const auto found = std::find(names.begin(), names.end(), *value.string());
    if (found != names.end()) return found - names.begin();
  }
  return expected("one of " + join(names, ", "));
}

bool known_results(const std::string& results) {
  static const std::vector<std::string> formats = {"", "tap", "go-json", "pytest", "ctest"};
  if (results.starts_with("junit:")) return results.size() > 6;
  return std::find(formats.begin(), formats.end(), results) != formats.end();
}

Result<Check> read_check(const TomlValue& value) {
  Check check;
  check.origin = CheckOrigin::user;
  if (value.string() != nullptr) check.command = *value.string();
  if (value.table() != nullptr) {
    for (const auto& [name, field] : *value.table()) {
      const auto* whole = std::get_if<std::int64_t>(&field.value);
      if (name == "command" && field.string() != nullptr) {
        check.command = *field.string();
      } else if (name == "results" && field.string() != nullptr) {
        check.results = *field.string();
      } else if (name == "timeout_s" && whole != nullptr && *whole >= 1 && *whole <= 86'400) {
        check.timeout_s = static_cast<int>(*whole);
      } else {
        return expected(
            "command (a string), results (a string) and timeout_s (1..86400) in a "
            "check; \"" +
            name + "\" is none of these, or of the wrong type");
      }
    }
  }
  if (trim(check.command).empty()) {
    return expected("a command, or { command = \"...\", results = \"...\", timeout_s = 600 }");
  }
  if (!known_results(check.results)) {
    return expected("results = junit:PATH, tap, go-json, pytest or ctest");
  }
  return check;
}

Result<std::vector<Check>> read_checks(const TomlValue& value, bool lenient) {
  std::vector<Check> checks;
  if (value.array() == nullptr) {
    if (!lenient || value.string() == nullptr) return expected("a list of checks");
    if (value.string()->empty()) return checks;
    MIX_TRY(Check only, read_check(value));
    checks.push_back(std::move(only));
    return checks;
  }
  for (const TomlValue& item : *value.array()) {
    MIX_TRY(Check check, read_check(item));
    checks.push_back(std::move(check));
  }
  return checks;
}

std::string show_list(const std::vector<std::string>& list) {
  std::vector<std::string> quoted;
  quoted.reserve(list.size());
  for (const auto& item : list) quoted.push_back(quote_toml(item));
  return "[" + join(quoted, ", ") + "]";
}

std::string show_check(const Check& check) {
  const Check plain{check.command, Check{}.timeout_s, "", check.origin};
  if (check == plain) return quote_toml(check.command);
  std::string text = "{ command = " + quote_toml(check.command);
  if (!check.results.empty()) text += ", results = " + quote_toml(check.results);
  return text + ", timeout_s = " + std::to_string(check.timeout_s) + " }";
}

std::string show_usd(Money money) {
  std::string text = std::to_string(money.pico / pico_per_usd);
  std::string rest = std::to_string(money.pico % pico_per_usd);
  rest.insert(0, 12 - rest.size(), '0');
  while (rest.size() > 2 && rest.back() == '0') rest.pop_back();
  return text + "." + rest;
}

bool subset(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  return std::all_of(part.begin(), part.end(), [&](const std::string& item) {
    return std::find(whole.begin(), whole.end(), item) != whole.end();
  });
}

}  // namespace

Result<KeyValue> read_value(const ValueShape& shape, const TomlValue& value, bool lenient) {
  KeyValue read;
  switch (shape.type) {
    case ValueType::boolean: {
      const auto* yes = std::get_if<bool>(&value.value);
      if (yes == nullptr) return expected("true or false");
      read.yes = *yes;
      return read;
    }
    case ValueType::whole: {
      MIX_TRY(read.whole, read_whole(shape, value));
      return read;
    }
    case ValueType::number: {
      MIX_TRY(read.number, read_number(shape.least, shape.most, value));
      return read;
    }
    case ValueType::money: {
      MIX_TRY(read.money, read_money(value));
      return read;
    }
    case ValueType::text: {
      MIX_TRY(read.text, read_string(value, lenient));
      return read;
    }
    case ValueType::list: {
      MIX_TRY(read.list, read_list(value, lenient));
      return read;
    }
    case ValueType::choice: {
      MIX_TRY(read.whole, read_choice(shape, value));
      read.text = *value.string();
      return read;
    }
    case ValueType::checks: {
      MIX_TRY(read.checks, read_checks(value, lenient));
      return read;
    }
    case ValueType::score: {
      if (value.string() != nullptr && *value.string() == "adaptive") {
        read.text = "adaptive";
        return read;
      }
      auto number = read_number(0, 1, value);
      if (!number) return expected("a number from 0 to 1, or \"adaptive\"");
      read.number = *number;
      return read;
    }
  }
  return expected("a value");
}

bool looser(const ValueShape& shape, const KeyValue& now, const KeyValue& wanted) {
  switch (shape.type) {
    case ValueType::boolean:
      return wanted.yes && !now.yes;
    case ValueType::whole:
    case ValueType::choice:
      return wanted.whole > now.whole;
    case ValueType::number:
    case ValueType::score:
      return wanted.number > now.number;
    case ValueType::money:
      return now.money && (!wanted.money || *wanted.money > *now.money);
    case ValueType::list:
      return !subset(wanted.list, now.list);
    case ValueType::text:
    case ValueType::checks:
      return true;
  }
  return true;
}

std::string show_value(const ValueShape& shape, const KeyValue& value) {
  switch (shape.type) {
    case ValueType::boolean:
      return value.yes ? "true" : "false";
    case ValueType::whole:
      return std::to_string(value.whole);
    case ValueType::number:
      return show_number(value.number);
    case ValueType::money:
      return value.money ? show_usd(*value.money) : "\"none\"";
    case ValueType::text:
    case ValueType::choice:
      return quote_toml(value.text);
    case ValueType::list:
      return show_list(value.list);
    case ValueType::checks: {
      std::vector<std::string> shown;
      for (const Check& check : value.checks) shown.push_back(show_check(check));
      return "[" + join(shown, ", ") + "]";
    }
    case ValueType::score:
      return value.text.empty() ? show_number(value.number) : quote_toml(value.text);
  }
  return {};
}

std::string describe_shape(const ValueShape& shape) {
  switch (shape.type) {
    case ValueType::boolean:
      return "true or false";
    case ValueType::whole:
      return "whole number " + show_number(shape.least) + ".." + show_number(shape.most);
    case ValueType::number:
      return "number " + show_number(shape.least) + ".." + show_number(shape.most);
    case ValueType::money:
      return "USD, or \"none\"";
    case ValueType::text:
      return "text";
    case ValueType::list:
      return "list of texts";
    case ValueType::choice:
      return join(split(shape.choices, '|'), " | ");
    case ValueType::checks:
      return "list of checks";
    case ValueType::score:
      return "0..1, \"adaptive\", or a table by action";
  }
  return {};
}

}  // namespace mixagent
