#pragma once
// Which files a repository ignores, by git's rules, without asking git: the rules come from the
// base tree, so that nothing a model wrote decides what leaves its workspace. Immutable after
// building, thread-safe.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

class IgnoreRules {
 public:
  // The text of a .gitignore that lies in `folder` ("" for the root).
  void add(const std::string& folder, std::string_view text);
  // Rules that every .gitignore overrides: info/exclude before the user's own ignore file.
  void add_fallback(std::string_view text);

  // Of this path alone: a file below an ignored folder is ignored because its folder is (ask from
  // the top down).
  bool ignored(std::string_view path, bool is_folder) const;
  // Asks for every folder above, too.
  bool ignored_anywhere(std::string_view path) const;

 private:
  struct Pattern {
    std::string glob;
    bool negated = false, folders_only = false, anchored = false;
  };
  static std::vector<Pattern> parse(std::string_view text);
  static const Pattern* last_match(const std::vector<Pattern>& patterns, std::string_view relative,
                                   bool is_folder);

  std::map<std::string, std::vector<Pattern>, std::less<>> by_folder_;
  std::vector<std::vector<Pattern>> fallbacks_;  // most important first
};

// git's wildmatch: ? * [..] within a component, ** across components when it stands alone between
// slashes.
bool wildmatch(std::string_view pattern, std::string_view text);

}  // namespace mixagent
