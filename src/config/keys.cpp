#include "config/keys.h"

#include "base/text.h"

#include <algorithm>

namespace mixagent {

namespace {

bool bare(const std::string& part) {
  return !part.empty() && part.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string::npos;
}

// The stars' names when the first `path.size()` parts of the pattern fit.
bool begins(const std::vector<std::string>& pattern, const KeyPath& path, KeyMatch& match) {
  if (path.size() > pattern.size()) return false;
  match.names.clear();
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (pattern[i] == "*") {
      match.names.push_back(path[i]);
    } else if (pattern[i] != path[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

KeyMatch match_key(const KeyPath& path) {
  KeyMatch match;
  for (const Key& key : config_keys()) {
    const auto pattern = split(key.pattern, '.');
    if (pattern.size() == path.size() && begins(pattern, path, match)) {
      match.key = &key;
      return match;
    }
  }
  return {};
}

bool is_key_table(const KeyPath& path) {
  KeyMatch match;
  return std::any_of(config_keys().begin(), config_keys().end(), [&](const Key& key) {
    const auto pattern = split(key.pattern, '.');
    return pattern.size() > path.size() && begins(pattern, path, match);
  });
}

std::string suggest_key(const KeyPath& path) {
  // The first part that fits nowhere, among those that could stand there.
  KeyPath good;
  while (good.size() < path.size()) {
    KeyPath longer = good;
    longer.push_back(path[good.size()]);
    if (!is_key_table(longer) && match_key(longer).key == nullptr) break;
    good = std::move(longer);
  }
  if (good.size() == path.size()) return {};
  std::vector<std::string> here, elsewhere;
  KeyMatch match;
  for (const Key& key : config_keys()) {
    const auto pattern = split(key.pattern, '.');
    if (pattern.back() == path.back()) elsewhere.emplace_back(key.pattern);
    if (pattern.size() <= good.size() || !begins(pattern, good, match)) continue;
    const std::string& next = pattern[good.size()];
    if (std::find(here.begin(), here.end(), next) == here.end()) here.push_back(next);
  }
  if (const std::string near = nearest(path[good.size()], here); !near.empty()) {
    KeyPath whole = good;
    whole.push_back(near);
    return "did you mean \"" + show_key(whole) + "\"?";
  }
  if (!elsewhere.empty()) return "did you mean \"" + elsewhere.front() + "\"?";
  if (here.empty()) return "\"" + show_key(good) + "\" is no table";
  return "known here: " + join(here, ", ");
}

std::string show_key(const KeyPath& path) {
  std::vector<std::string> parts;
  for (const std::string& part : path) {
    parts.push_back(bare(part) || part == "*" ? part : quote_toml(part));
  }
  return join(parts, ".");
}

Result<KeyPath> parse_key(const std::string& text) {
  KeyPath path(1);
  char quote = 0;
  bool quoted = false;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        path.back() += c;
    } else if ((c == '"' || c == '\'') && path.back().empty()) {
      quote = c;
      quoted = true;
    } else if (c == '.') {
      if (path.back().empty()) break;
      path.emplace_back();
      quoted = false;
    } else if (quoted) {
      return fail(ErrorCode::usage, "text after a quoted name", text);
    } else {
      path.back() += c;
    }
  }
  if (quote != 0) return fail(ErrorCode::usage, "a quote is not closed", text);
  if (path.back().empty()) {
    return fail(ErrorCode::usage, "a key has an empty part", text, "write it as section.name");
  }
  return path;
}

}  // namespace mixagent
