#include "provider/adapt.h"

#include "base/json.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace mixagent {

namespace {

// Longer names first: one may hold another.
constexpr std::array<std::string_view, 11> dispensable = {"max_completion_tokens",
                                                          "prompt_cache_key",
                                                          "reasoning_effort",
                                                          "response_format",
                                                          "stream_options",
                                                          "max_tokens",
                                                          "output_config",
                                                          "temperature",
                                                          "reasoning",
                                                          "thinking",
                                                          "usage"};

bool is_word_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool names_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || !is_word_char(text[at - 1]);
    const auto end = at + word.size();
    if (starts && (end == text.size() || !is_word_char(text[end]))) return true;
  }
  return false;
}

bool says_unknown(std::string_view text) {
  static constexpr std::array<std::string_view, 10> words = {
      "unsupported",   "not supported", "does not support", "unknown",          "unrecognized",
      "not permitted", "unexpected",    "not allowed",      "only the default", "extra inputs"};
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

}  // namespace

std::string refused_parameter(const Error& error, std::string_view body) {
  if (error.code != ErrorCode::bad_request) return {};
  const auto text = lower(error.what);
  if (!says_unknown(text)) return {};
  const auto json = parse_json(body);
  if (!json) return {};
  // A message names what was wrong before what would be right: "max_tokens ... use
  // max_completion_tokens instead".
  std::string found;
  std::size_t first = std::string::npos;
  for (const auto name : dispensable) {
    if (!json->contains(name) || !names_word(text, name)) continue;
    if (const auto at = text.find(name); at < first) {
      first = at;
      found = name;
    }
  }
  return found;
}

std::string without_parameter(const std::string& body, const std::string& name) {
  auto json = parse_json(body);
  if (!json || !json->contains(name)) return body;
  const Json value = (*json)[name];
  json->erase(name);
  if (name == "max_tokens") (*json)["max_completion_tokens"] = value;
  if (name == "max_completion_tokens") (*json)["max_tokens"] = value;
  return dump_json(*json);
}

bool RefusedParameters::add(const std::string& model, const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& names = names_[model];
  if (name == "max_tokens" && names.count("max_completion_tokens") != 0) return false;
  if (name == "max_completion_tokens" && names.count("max_tokens") != 0) return false;
  names.insert(name);
  return true;
}

std::string RefusedParameters::strip(const std::string& model, std::string body) {
  const std::lock_guard lock(mutex_);
  const auto known = names_.find(model);
  if (known == names_.end()) return body;
  for (const auto& name : known->second) body = without_parameter(body, name);
  return body;
}

}  // namespace mixagent
