#pragma once
// What git says, for commits: of its trees, and of its commands. Private to the workspace room.

#include "system/git.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mixagent {

using GitEnvironment = std::vector<std::pair<std::string, std::string>>;

struct GitEntry {
  std::string mode, blob;
  bool operator==(const GitEntry&) const = default;
};
using GitTree = std::map<std::string, GitEntry>;

// Standard output; Error process when git fails.
Result<std::string> output_of(const Git& git, const std::vector<std::string>& arguments,
                              const std::optional<std::string>& input = {},
                              const GitEnvironment& env = {});
// Empty when there is no such thing.
Result<std::string> answer_of(const Git& git, const std::vector<std::string>& arguments);
std::vector<std::string> zero_ended(const std::string& text);
// Every file of a commit; none of the empty name.
Result<GitTree> tree_of(const Git& git, const std::string& commit);

}  // namespace mixagent
