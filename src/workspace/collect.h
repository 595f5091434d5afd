#pragma once
// What a copy holds now, as a tree and a change, and what of it must not be taken over.

#include "workspace/store.h"
#include "workspace/walk.h"

#include "mixagent/workspace.h"

#include <cstdint>
#include <map>
#include <string>

namespace mixagent {

// What is known of a file in a copy without reading it.
struct KnownFile {
  FileStat status;
  TreeEntry entry;
  bool settled = false;  // a later change must show in its ctime
};
using KnownFiles = std::map<std::string, KnownFile>;

struct CollectLimits {
  std::size_t files = 20'000;          // changed
  std::int64_t file_bytes = 64 << 20;  // of one
  std::int64_t all_bytes = std::int64_t{1} << 30;
};

// `known` is brought up to date. `trust_times`: see times_are_reliable. With `below`, `root` is the
// upper folder of an overlay over that tree.
Result<Collected> collect_copy(int root, const WalkRules& rules, KnownFiles& known, Store& store,
                               bool trust_times, const CollectLimits& limits = {},
                               const Tree* below = nullptr);

// Takes `path`, or everything below it too, out of a tree.
void hide_in(Tree& tree, const std::string& path, bool all);

}  // namespace mixagent
