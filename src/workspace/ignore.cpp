#include "workspace/ignore.h"

#include "base/text.h"
#include "workspace/names.h"

#include <algorithm>

namespace mixagent {
namespace {

// One "[...]" at the front of `pattern`, which is taken off. False when it does not match, or is no
// class at all.
bool match_class(std::string_view& pattern, char c) {
  std::size_t at = 1;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  bool found = false;
  for (bool first = true; at < pattern.size() && (first || pattern[at] != ']'); first = false) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    const char low = pattern[at++];
    char high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      at += 1;
      if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
      high = pattern[at++];
    }
    found = found || (low <= c && c <= high);
  }
  if (at >= pattern.size()) return false;
  pattern.remove_prefix(at + 1);
  return found != negated && c != '/';
}

// One pattern element that is not a star, at the front of both; taken off when it matches.
bool match_one(std::string_view& pattern, std::string_view& text) {
  if (pattern.empty() || text.empty()) return false;
  if (pattern.front() == '[') {
    auto rest = pattern;
    if (!match_class(rest, text.front())) return false;
    pattern = rest;
  } else {
    auto rest = pattern;
    const bool any = rest.front() == '?';
    if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    if (!any && rest.front() != text.front()) return false;
    rest.remove_prefix(1);
    pattern = rest;
  }
  text.remove_prefix(1);
  return true;
}

// Only the last star is ever tried again: no pattern can make this slow.
bool match_component(std::string_view pattern, std::string_view text) {
  std::string_view after_star, retry;
  bool starred = false;
  for (;;) {
    if (!pattern.empty() && pattern.front() == '*') {
      pattern.remove_prefix(std::min(pattern.find_first_not_of('*'), pattern.size()));
      after_star = pattern;
      retry = text;
      starred = true;
    } else if (pattern.empty() && text.empty()) {
      return true;
    } else if (!match_one(pattern, text)) {
      if (!starred || retry.empty()) return false;
      retry.remove_prefix(1);
      pattern = after_star;
      text = retry;
    }
  }
}

}  // namespace

bool wildmatch(std::string_view pattern, std::string_view text) {
  const auto globs = split(pattern, '/');
  const auto names = split(text, '/');
  std::size_t glob = 0, name = 0, after_stars = 0, retry = 0;
  bool starred = false;
  while (name < names.size()) {
    if (glob < globs.size() && globs[glob] == "**") {
      if (++glob == globs.size()) return true;
      after_stars = glob;
      retry = name;
      starred = true;
    } else if (glob < globs.size() && match_component(globs[glob], names[name])) {
      ++glob;
      ++name;
    } else if (starred) {
      glob = after_stars;
      name = ++retry;
    } else {
      return false;
    }
  }
  return glob == globs.size();
}

std::vector<IgnoreRules::Pattern> IgnoreRules::parse(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.substr(0, 3) == byte_order_mark) text.remove_prefix(3);
  std::vector<Pattern> patterns;
  for (std::string line : split_lines(text)) {
    while (!line.empty() && line.back() == ' ' &&
           (line.size() < 2 || line[line.size() - 2] != '\\')) {
      line.pop_back();
    }
    if (line.empty() || line.front() == '#') continue;
    Pattern pattern;
    if (line.front() == '!') {
      pattern.negated = true;
      line.erase(0, 1);
    }
    if (!line.empty() && line.back() == '/') {
      pattern.folders_only = true;
      line.pop_back();
    }
    pattern.anchored = line.find('/') != std::string::npos;
    if (!line.empty() && line.front() == '/') line.erase(0, 1);
    if (line.empty()) continue;
    pattern.glob = std::move(line);
    patterns.push_back(std::move(pattern));
  }
  return patterns;
}

void IgnoreRules::add(const std::string& folder, std::string_view text) {
  by_folder_[folder] = parse(text);
}

void IgnoreRules::add_fallback(std::string_view text) {
  fallbacks_.push_back(parse(text));
}

const IgnoreRules::Pattern* IgnoreRules::last_match(const std::vector<Pattern>& patterns,
                                                    std::string_view relative, bool is_folder) {
  for (auto it = patterns.rbegin(); it != patterns.rend(); ++it) {
    if (it->folders_only && !is_folder) continue;
    if (wildmatch(it->glob, it->anchored ? relative : last_name_of(relative))) return &*it;
  }
  return nullptr;
}

bool IgnoreRules::ignored(std::string_view path, bool is_folder) const {
  // The deepest .gitignore that has something to say decides.
  for (auto folder = folder_of(path);; folder = folder_of(folder)) {
    const auto found = by_folder_.find(folder);
    if (found != by_folder_.end()) {
      const auto relative = folder.empty() ? path : path.substr(folder.size() + 1);
      if (const auto* match = last_match(found->second, relative, is_folder))
        return !match->negated;
    }
    if (folder.empty()) break;
  }
  for (const auto& patterns : fallbacks_) {
    if (const auto* match = last_match(patterns, path, is_folder)) return !match->negated;
  }
  return false;
}

bool IgnoreRules::ignored_anywhere(std::string_view path) const {
  for (auto slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    if (ignored(path.substr(0, slash), true)) return true;
  }
  return ignored(path, false);
}

}  // namespace mixagent
