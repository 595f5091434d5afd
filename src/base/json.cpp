#include "base/json.h"

#include "base/text.h"

#include <algorithm>
#include <limits>

namespace mixagent {
namespace {

constexpr int max_depth = 200;

// Walks over JSON-like text and knows when it is inside a string. Tells the depth after each
// character.
struct Scanner {
  int depth = 0;
  bool in_string = false;
  bool escaped = false;

  void feed(char c) {
    if (in_string) {
      if (escaped) {
        escaped = false;
      } else if (c == '\\') {
        escaped = true;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
};

std::string place(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  const std::string_view before = text.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto line_start = before.rfind('\n');
  const auto column = line_start == std::string_view::npos ? at + 1 : at - line_start;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

std::optional<std::size_t> too_deep_at(std::string_view text) {
  Scanner scanner;
  for (std::size_t i = 0; i < text.size(); ++i) {
    scanner.feed(text[i]);
    if (scanner.depth > max_depth) return i;
  }
  return {};
}

// "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error while ..." ->
// "syntax error while ..."
std::string reason_of(const char* message) {
  std::string_view reason = message;
  const auto bracket = reason.find("] ");
  if (bracket != std::string_view::npos) reason.remove_prefix(bracket + 2);
  if (reason.substr(0, 12) == "parse error ") {
    const auto colon = reason.find(": ");
    if (colon != std::string_view::npos) reason.remove_prefix(colon + 2);
  }
  return clip(reason, 200);
}

// Length of the balanced object or array at the beginning of `text`; empty when it does not end.
std::optional<std::size_t> balanced_length(std::string_view text) {
  Scanner scanner;
  for (std::size_t i = 0; i < text.size(); ++i) {
    scanner.feed(text[i]);
    if (scanner.depth == 0) return i + 1;
    if (scanner.depth > max_depth) return {};
  }
  return {};
}

std::string first_value(std::string_view text) {
  // Prose has brackets too ("[sic]"), and each one costs a scan: a bounded number of them is tried.
  int tries = 64;
  std::size_t at = text.find_first_of("{[");
  while (at != std::string_view::npos && tries-- > 0) {
    const auto length = balanced_length(text.substr(at));
    if (length && Json::accept(text.substr(at, *length)))
      return std::string(text.substr(at, *length));
    at = text.find_first_of("{[", at + 1);
  }
  return {};
}

std::vector<std::string_view> json_fences(std::string_view text) {
  std::vector<std::string_view> fences;
  std::size_t at = 0;
  while ((at = text.find("```json", at)) != std::string_view::npos) {
    const auto begin = text.find('\n', at);
    if (begin == std::string_view::npos) break;
    const auto end = text.find("\n```", begin);
    fences.push_back(text.substr(begin + 1, end == std::string_view::npos ? end : end - begin - 1));
    at = begin;
  }
  return fences;
}

void sort_keys(const Json& json, nlohmann::json& sorted) {
  if (json.is_object()) {
    sorted = nlohmann::json::object();
    for (auto it = json.begin(); it != json.end(); ++it) sort_keys(it.value(), sorted[it.key()]);
  } else if (json.is_array()) {
    sorted = nlohmann::json::array();
    for (const auto& item : json) sort_keys(item, sorted.emplace_back());
  } else if (json.is_string()) {
    sorted = json.get_ref<const std::string&>();
  } else if (json.is_boolean()) {
    sorted = json.get<bool>();
  } else if (json.is_number_unsigned()) {
    sorted = json.get<std::uint64_t>();
  } else if (json.is_number_integer()) {
    sorted = json.get<std::int64_t>();
  } else if (json.is_number()) {
    sorted = json.get<double>();
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  if (const auto at = too_deep_at(text)) {
    return fail(ErrorCode::protocol, "JSON nested deeper than " + std::to_string(max_depth),
                place(text, *at));
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    return fail(ErrorCode::protocol, "no JSON: " + reason_of(error.what()),
                place(text, error.byte > 0 ? error.byte - 1 : 0));
  } catch (const Json::exception& error) {
    return fail(ErrorCode::protocol, "no JSON: " + reason_of(error.what()), "the document");
  }
}

std::string dump_json(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dump_json_pretty(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string canonical_json(const Json& json) {
  nlohmann::json sorted;
  sort_keys(json, sorted);
  return sorted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string first_json_in(std::string_view text) {
  for (const auto fence : json_fences(text)) {
    if (auto value = first_value(fence); !value.empty()) return value;
  }
  return first_value(text);
}

const Json& member(const Json& object, std::string_view name) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(name);
  return found == object.end() ? null : *found;
}

std::string string_or(const Json& object, std::string_view name, std::string_view fallback) {
  const Json& found = member(object, name);
  return found.is_string() ? found.get<std::string>() : std::string(fallback);
}

std::int64_t int_or(const Json& object, std::string_view name, std::int64_t fallback) {
  const Json& found = member(object, name);
  if (found.is_number_unsigned()) {
    const auto number = found.get<std::uint64_t>();
    return number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())
               ? static_cast<std::int64_t>(number)
               : fallback;
  }
  if (found.is_number_integer()) return found.get<std::int64_t>();
  if (!found.is_number()) return fallback;
  const double number = found.get<double>();
  return number > -9e18 && number < 9e18 ? static_cast<std::int64_t>(number) : fallback;
}

}  // namespace mixagent
