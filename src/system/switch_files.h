#pragma once
// Puts staged files into place, all or nothing, from a child in its own session: once it has begun,
// neither Ctrl-C nor the death of this process stops it half-way.

#include "system/beneath.h"

#include "mixagent/error.h"

#include <optional>
#include <string>
#include <vector>

namespace mixagent {

// Paths are relative to the root of the switch; no link is followed. Undone in reverse order when a
// later step fails.
struct SwitchStep {
  enum class Kind {
    replace,      // `staged` and `path` change places
    put,          // `staged` becomes `path`, where nothing is
    take_away,    // `path` becomes `staged`
    make_folder,  // `path`
    drop_folder,  // `path`, when it is empty; else left
  };
  Kind kind = Kind::put;
  std::string path, staged;
  std::optional<FileStat>
      expected;          // replace, take_away: what must still have been there (inode, size, mtime)
  unsigned mode = 0777;  // make_folder, drop_folder (for undoing)
};

struct SwitchOutcome {
  bool done = false;
  std::string path;  // not done: where it failed
  std::string why;   // "changed meanwhile", or what the system said; everything is as it was
};

// Error only when the child could not be started or vanished. Syncs the folders it touched.
Result<SwitchOutcome> switch_files(int root, const std::vector<SwitchStep>& steps);

}  // namespace mixagent
