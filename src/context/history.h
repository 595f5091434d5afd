#pragma once
// What past commits say of a goal: which files change often, which change together, and which were
// changed for words like the goal's. The user's own repository, read through the git door.

#include "system/git.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mixagent {

struct PastCommit {
  std::string subject;
  std::vector<std::string> files;
};

// Newest first; merges and commits of very many files left out. Kept below `folder` (empty: not)
// by commit: only what came since is read again. No history: empty.
std::vector<PastCommit> read_history(const Git& git, const std::string& commit,
                                     const std::filesystem::path& folder);
// Of `git log --name-only` in the form that read_history asks for.
std::vector<PastCommit> parse_history(std::string_view text);

}  // namespace mixagent
