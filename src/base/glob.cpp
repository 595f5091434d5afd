#include "base/glob.h"

#include <algorithm>
#include <optional>

namespace mixagent {
namespace {

using Components = std::vector<std::string_view>;

constexpr std::size_t max_alternatives = 64;

Components components_of(std::string_view path) {
  Components components;
  while (!path.empty()) {
    const auto end = path.find('/');
    const auto component = path.substr(0, end);
    if (!component.empty() && component != ".") components.push_back(component);
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  return components;
}

struct Class {
  bool matches = false;
  std::size_t length = 0;  // 0: the bracket never closes and stands for itself
};

// The class at the beginning of `pattern` ("[a-z]", "[!abc]"), asked for `c`.
Class match_class(std::string_view pattern, char c) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  for (bool first = true; i < pattern.size(); first = false) {
    if (pattern[i] == ']' && !first) return {found != negated, i + 1};
    const auto low = static_cast<unsigned char>(pattern[i]);
    auto high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = static_cast<unsigned char>(pattern[i + 2]);
      i += 2;
    }
    const auto asked = static_cast<unsigned char>(c);
    found = found || (low <= asked && asked <= high);
    ++i;
  }
  return {};
}

std::size_t character_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && length < 4 &&
         (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
    ++length;
  return length;
}

// Takes one character of `text` that the front of `pattern` (no star) matches.
bool take_one(std::string_view& pattern, std::string_view& text) {
  if (pattern.empty() || text.empty()) return false;
  if (pattern[0] == '?') {
    pattern.remove_prefix(1);
    text.remove_prefix(character_length(text));
    return true;
  }
  if (pattern[0] == '[') {
    const Class set = match_class(pattern, text[0]);
    if (set.length > 0) {
      if (!set.matches) return false;
      pattern.remove_prefix(set.length);
      text.remove_prefix(character_length(text));
      return true;
    }
  }
  if (pattern[0] != text[0]) return false;
  pattern.remove_prefix(1);
  text.remove_prefix(1);
  return true;
}

// One component. Only the last star is ever tried again: linear in pattern times text.
bool match_component(std::string_view pattern, std::string_view text) {
  std::optional<std::string_view> after_star;
  std::string_view retry;
  while (!text.empty()) {
    if (!pattern.empty() && pattern[0] == '*') {
      while (!pattern.empty() && pattern[0] == '*') pattern.remove_prefix(1);
      after_star = pattern;
      retry = text;
    } else if (!take_one(pattern, text)) {
      if (!after_star) return false;
      retry.remove_prefix(1);
      pattern = *after_star;
      text = retry;
    }
  }
  return pattern.find_first_not_of('*') == std::string_view::npos;
}

bool match_components(const Components& pattern, const Components& path) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> after_star;
  std::size_t retry = 0;
  while (t < path.size()) {
    if (p < pattern.size() && pattern[p] == "**") {
      if (++p == pattern.size()) return true;
      after_star = p;
      retry = t;
    } else if (p < pattern.size() && match_component(pattern[p], path[t])) {
      ++p;
      ++t;
    } else if (after_star) {
      p = *after_star;
      t = ++retry;
    } else {
      return false;
    }
  }
  // A "**" at the end wants something below.
  return p == pattern.size();
}

bool is_at_or_below(const Components& folder, const Components& path) {
  return folder.size() <= path.size() && std::equal(folder.begin(), folder.end(), path.begin());
}

// Position of the brace that closes the one at `open`, and of the commas of its own level; none: no
// alternatives.
std::vector<std::size_t> alternative_marks(std::string_view pattern, std::size_t open) {
  std::vector<std::size_t> marks{open};
  int depth = 0;
  for (std::size_t i = open; i < pattern.size(); ++i) {
    if (pattern[i] == '{') ++depth;
    if (pattern[i] == ',' && depth == 1) marks.push_back(i);
    if (pattern[i] == '}' && --depth == 0) {
      marks.push_back(i);
      return marks.size() > 2 ? marks : std::vector<std::size_t>{};
    }
  }
  return {};
}

// "a.{b,c}" -> "a.b", "a.c". Beyond the bound the rest stays as it is written.
std::vector<std::string> expand_braces(std::string_view pattern) {
  std::vector<std::string> open{std::string(pattern)};
  std::vector<std::string> done;
  while (!open.empty()) {
    const std::string text = std::move(open.back());
    open.pop_back();
    std::vector<std::size_t> marks;
    for (auto at = text.find('{'); at != std::string::npos && marks.empty();
         at = text.find('{', at + 1)) {
      marks = alternative_marks(text, at);
    }
    if (marks.empty() || open.size() + done.size() + marks.size() > max_alternatives) {
      done.push_back(text);
      continue;
    }
    for (std::size_t i = marks.size() - 1; i > 0; --i) {
      open.push_back(text.substr(0, marks.front()) +
                     text.substr(marks[i - 1] + 1, marks[i] - marks[i - 1] - 1) +
                     text.substr(marks.back() + 1));
    }
  }
  return done;
}

// ---- overlap
// ------------------------------------------------------------------------------------------------------

bool is_plain(std::string_view component) {
  return component.find_first_of("*?[") == std::string_view::npos;
}

// The texts before the first and after the last wildcard decide; a class counts as a wildcard up to
// its end.
bool components_overlap(std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (is_plain(a)) return match_component(b, a);
  if (is_plain(b)) return match_component(a, b);
  const auto head_a = a.substr(0, a.find_first_of("*?["));
  const auto head_b = b.substr(0, b.find_first_of("*?["));
  const auto head = std::min(head_a.size(), head_b.size());
  if (head_a.substr(0, head) != head_b.substr(0, head)) return false;
  const auto tail_a = a.substr(a.find_last_of("*?[]") + 1);
  const auto tail_b = b.substr(b.find_last_of("*?[]") + 1);
  const auto tail = std::min(tail_a.size(), tail_b.size());
  return tail_a.substr(tail_a.size() - tail) == tail_b.substr(tail_b.size() - tail);
}

class Overlap {
 public:
  Overlap(std::string_view a, std::string_view b)
      : a_(components_of(a)),
        b_(components_of(b)),
        a_covers_below_(!has_wildcard(a)),
        b_covers_below_(!has_wildcard(b)),
        known_((a_.size() + 1) * (b_.size() + 1)) {}

  bool from(std::size_t i, std::size_t j) {
    auto& known = known_[i * (b_.size() + 1) + j];
    if (!known) known = compute(i, j);
    return *known;
  }

 private:
  bool compute(std::size_t i, std::size_t j) {
    if (i == a_.size() && (a_covers_below_ || j == b_.size())) return true;
    if (j == b_.size() && (b_covers_below_ || i == a_.size())) return true;
    if (i < a_.size() && a_[i] == "**") return from(i + 1, j) || (j < b_.size() && from(i, j + 1));
    if (j < b_.size() && b_[j] == "**") return from(i, j + 1) || (i < a_.size() && from(i + 1, j));
    return i < a_.size() && j < b_.size() && components_overlap(a_[i], b_[j]) && from(i + 1, j + 1);
  }

  Components a_, b_;
  bool a_covers_below_, b_covers_below_;
  std::vector<std::optional<bool>> known_;
};

}  // namespace

bool glob_match(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return false;
  const Components parts = components_of(path);
  // Taken as plain text first: "app/[id]/page.tsx" is a name in use.
  if (is_at_or_below(components_of(pattern), parts)) return true;
  if (pattern.find('{') == std::string_view::npos)
    return match_components(components_of(pattern), parts);
  for (const auto& alternative : expand_braces(pattern)) {
    const Components components = components_of(alternative);
    if (has_wildcard(alternative) ? match_components(components, parts)
                                  : is_at_or_below(components, parts))
      return true;
  }
  return false;
}

bool any_glob_matches(const std::vector<std::string>& patterns, std::string_view path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return glob_match(pattern, path); });
}

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos ||
         (pattern.find('{') != std::string_view::npos && expand_braces(pattern).size() > 1);
}

bool globs_overlap(std::string_view a, std::string_view b) {
  for (const auto& one : expand_braces(a)) {
    for (const auto& other : expand_braces(b)) {
      if (Overlap(one, other).from(0, 0)) return true;
    }
  }
  return false;
}

}  // namespace mixagent
