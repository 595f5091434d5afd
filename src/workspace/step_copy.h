#pragma once
// A step's own copy of a tree on disk: plain files (never hard links: what a model writes must stay
// its own), a throw-away .git, and the carried folders. Belongs to one thread; removed when
// destroyed.

#include "workspace/carry.h"
#include "workspace/collect.h"
#include "workspace/ignore.h"
#include "workspace/store.h"
#include "workspace/throw_away_git.h"

#include "mixagent/workspace.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

// What all copies of a run share. Must outlive them.
struct CopyGround {
  std::filesystem::path repository;
  Store& store;
  ThrowAwayGit git;
  std::vector<std::string> fallback_ignores;  // texts: info/exclude, then the user's own
  std::vector<std::string> carried;
  std::optional<Owner> owner;  // of the copies; empty: this process
};

Result<std::unique_ptr<Workspace>> make_step_copy(std::shared_ptr<const CopyGround> ground,
                                                  const std::filesystem::path& directory,
                                                  const Tree& tree);

}  // namespace mixagent
