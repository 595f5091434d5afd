#pragma once
// The repository map: files, best first, with what they define and where. Pure.

#include "context/rank.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mixagent {

// Files that something speaks for, as "path (N lines)" with "  12-40 function name(signature)"
// below, definitions that the goal's words or names concern first, fewer the further down the list.
// Cut at `budget` estimated tokens; `shown` counts the files.
struct RepoMap {
  std::string text;
  std::size_t shown = 0;
};
RepoMap map_files(const Index& index, const std::vector<RankedFile>& files, const std::string& goal,
                  std::int64_t budget);

}  // namespace mixagent
