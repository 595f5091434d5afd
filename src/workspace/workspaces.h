#pragma once
// Builds the port of mixagent/workspace.h on disk: git lists the user's files, everything else is
// done here.

#include "workspace/carry.h"

#include "mixagent/process.h"
#include "mixagent/workspace.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

struct WorkspaceOptions {
  std::filesystem::path repository;  // root of the user's working tree, absolute
  std::filesystem::path cache;       // of this repository: CACHE/<repository>; shared by its runs
  std::filesystem::path
      work;  // this run's copies; best on the file system of `cache`, beside other runs' folders
  std::filesystem::path keep;  // bytes and trees that this run made (RUN/store); empty: in `cache`
  std::optional<Owner> owner;  // whom copies belong to; empty: this process
  std::vector<std::string> carry;         // names of ignored folders that come along
  std::vector<std::string> setup_inputs;  // globs: what the result of a setup depends on
  std::int64_t carry_limit_bytes = std::int64_t{300} << 20;
  // Overlays were tried out between `work` and `repository` and serve; else there are only copies.
  bool overlays = false;
  std::int64_t live_from_bytes = std::int64_t{32} << 20;  // smaller ignored folders are copied
  // Where commands in a copy find the user's git objects.
  std::filesystem::path objects = "/run/mixagent/objects";
};

// Touches nothing but `cache` and `work` until something is delivered. The result must outlive its
// Workspace objects and must not outlive `processes`.
Result<std::unique_ptr<Workspaces>> make_workspaces(const WorkspaceOptions& options,
                                                    Processes& processes);

}  // namespace mixagent
