#pragma once
// Path patterns: * and ? inside one component, ** over any number of them, [abc], {a,b}. A pattern
// that is the path, or a folder above it, as plain text always matches ("src/api" or "src/api/"
// matches "src/api/list.py"; "." everything).

#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

bool glob_match(std::string_view pattern, std::string_view path);
bool any_glob_matches(const std::vector<std::string>& patterns, std::string_view path);
bool has_wildcard(std::string_view pattern);
// May some path match both? Conservative: true when it cannot be excluded.
bool globs_overlap(std::string_view a, std::string_view b);

}  // namespace mixagent
