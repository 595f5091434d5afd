#pragma once
// Ignored folders that a step needs to run anything (node_modules, virtual environments, build
// folders): they belong to no tree and no change, but come along into each copy when they are small
// enough.

#include "system/change_at.h"

#include "mixagent/change.h"
#include "mixagent/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

struct Carried {
  std::vector<std::string> folders;   // relative paths, to be copied
  std::vector<std::string> live;      // to be shown as they are, below an overlay
  std::vector<std::string> left_out;  // "node_modules (more than 300 MB)"
};

struct CarryRules {
  std::vector<std::string> names;
  std::int64_t limit_bytes = 0;  // of all copied ones together
  // A larger folder is shown live, unless something in it belongs to somebody else: such files
  // cannot be changed through an overlay. Empty: all are copied.
  std::optional<std::int64_t> live_from_bytes = {};
};

// Folders of these names, at the root or beside files of the tree, of which the tree holds nothing.
Carried find_carried(int repository, const Tree& tree, const CarryRules& rules);

// Files, links and folders below `folder`, as they are. What is neither is left out.
Result<void> copy_carried(int repository, const std::string& folder, int copy,
                          const std::optional<Owner>& owner);

// Changes when anything below did, by stat alone. Empty when the folder is not there.
std::string fingerprint(int root, const std::string& folder);

}  // namespace mixagent
