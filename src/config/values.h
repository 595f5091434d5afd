#pragma once
// Values of keys: what they may look like, and which of two is the stricter.

#include "base/toml.h"

#include "mixagent/money.h"
#include "mixagent/plan.h"

#include <optional>
#include <string>
#include <vector>

namespace mixagent {

enum class ValueType { boolean, whole, number, money, text, list, choice, checks, score };

struct ValueShape {
  ValueType type = ValueType::text;
  double least = 0, most = 0;  // whole, number
  const char* choices = "";    // choice: "full|reduced", strictest first where that matters
};

inline ValueShape boolean_value() {
  return {ValueType::boolean};
}
inline ValueShape whole_value(double least, double most) {
  return {ValueType::whole, least, most};
}
inline ValueShape number_value(double least, double most) {
  return {ValueType::number, least, most};
}
inline ValueShape money_value() {
  return {ValueType::money};
}
inline ValueShape text_value() {
  return {ValueType::text};
}
inline ValueShape list_value() {
  return {ValueType::list};
}
inline ValueShape choice_value(const char* choices) {
  return {ValueType::choice, 0, 0, choices};
}
inline ValueShape checks_value() {
  return {ValueType::checks};
}
inline ValueShape score_value() {
  return {ValueType::score};
}

// The member that belongs to the type is filled.
struct KeyValue {
  bool yes = false;
  std::int64_t whole = 0;  // also the index of a choice
  double number = 0;
  std::optional<Money> money;  // empty: "none"
  std::string text;            // also the word of a choice; "adaptive" of a score
  std::vector<std::string> list;
  std::vector<Check> checks;
};

// Error config without a place: the caller knows it. `lenient`: from a command line or the
// environment, where a number may stand for a text and one text for a list.
Result<KeyValue> read_value(const ValueShape& shape, const TomlValue& value, bool lenient);
// Does `wanted` allow more than `now`?
bool looser(const ValueShape& shape, const KeyValue& now, const KeyValue& wanted);
// As TOML, for people.
std::string show_value(const ValueShape& shape, const KeyValue& value);
// "whole number 1..64", for help texts.
std::string describe_shape(const ValueShape& shape);

}  // namespace mixagent
