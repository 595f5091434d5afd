#pragma once
// The .git of a copy: status, diff, log and commit work in it, and nothing of the user's is in it:
// no remotes, hooks, filters or credentials, and the user's objects by a read-only mount. Git never
// runs on a copy from outside: the index is made in an empty folder of our own before any model
// code ran.

#include "system/git.h"
#include "workspace/carry.h"

#include "mixagent/error.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

class ThrowAwayGit {
 public:
  // `scratch`: a folder of our own. `objects`: where a command in the sandbox finds the user's
  // objects.
  static Result<ThrowAwayGit> prepare(const Git& git, const GitFacts& facts,
                                      const std::filesystem::path& scratch,
                                      const std::filesystem::path& objects,
                                      const std::vector<std::string>& also_ignored);
  // Into a copy that has no .git.
  Result<void> write_into(int copy, const std::optional<Owner>& owner) const;

 private:
  struct File {
    std::string path, bytes;
  };
  std::vector<File> files_;
  std::vector<std::string> submodules_;  // folders, also empty ones, which `status` would miss
};

}  // namespace mixagent
