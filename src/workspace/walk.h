#pragma once
// Walks a copy that a model may have filled with anything: never follows a link, never blocks,
// never leaves it. What it shows are the files that could belong to the tree; what must not is
// refused with a reason.

#include "system/beneath.h"
#include "workspace/ignore.h"

#include "mixagent/change.h"
#include "mixagent/error.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace mixagent {

struct WalkRules {
  const Tree& base;  // what it was opened with: always shown, ignored or not
  const IgnoreRules& ignore;
  const std::vector<std::string>& carried;  // folders that are no part of the tree
};

struct WalkedFile {
  int folder = -1;          // open
  const std::string& name;  // in `folder`
  const std::string& path;
  const FileStat& status;  // regular or symlink
};

struct WalkVisitor {
  // False stops the walk.
  std::function<Result<bool>(const WalkedFile&)> file;
  std::function<void(const std::string& path, const std::string& why)> refused;
  // Set when the folder is the upper one of an overlay: what lies below under this very path (and,
  // when `all`, whatever is in that folder) does not show. Called before the files that do.
  std::function<void(const std::string& path, bool all)> hidden = nullptr;
};

Result<void> walk_copy(int root, const WalkRules& rules, const WalkVisitor& visitor);

// Does the tree hold files below this folder?
bool tree_has_folder(const Tree& tree, const std::string& folder);

}  // namespace mixagent
