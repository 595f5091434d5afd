#pragma once
// Reads the user's working tree as it stands, bytes and modes, tracked and untracked but not
// ignored. Touches nothing.

#include "system/git.h"
#include "workspace/store.h"

#include "mixagent/workspace.h"

#include <filesystem>

namespace mixagent {

struct SnapshotSource {
  const Git& git;
  Store& store;
  std::filesystem::path stat_cache;  // what the last snapshot saw: a second one only looks at times
  std::int64_t untracked_limit_bytes = 50 << 20;
};

Result<Snapshot> take_snapshot(const SnapshotSource& source, Processes& processes);

}  // namespace mixagent
