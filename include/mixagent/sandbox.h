#pragma once
// Running a command that a model wrote, or that runs code a model wrote. Implemented in sandbox/.
// Thread-safe.

#include "mixagent/cancel.h"
#include "mixagent/error.h"
#include "mixagent/overlay.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mixagent {

enum class Isolation { full, reduced, external, none };
constexpr std::array<std::string_view, 4> enum_names(Isolation) {
  return {"full", "reduced", "external", "none"};
}

struct SandboxCommand {
  std::string command;               // for `bash -c`
  std::filesystem::path workspace;   // host directory that is bound, writable, at `mounted_at`
  std::filesystem::path mounted_at;  // the repository's own absolute path
  std::string cwd = ".";             // below mounted_at
  std::chrono::milliseconds timeout{600'000};
  std::vector<std::pair<std::string, std::string>> env;  // on top of the cleaned environment
  // Workspace::overlays(); the one of the whole workspace first. Only where isolation is full.
  std::vector<Overlay> overlays = {};
  // For setup: the hosts of sandbox.allow_hosts can be reached, and downloaded packages are kept
  // for the commands that follow.
  bool online = false;
};

struct CommandResult {
  int exit_code = 0;  // the command's own; 124 at the timeout, 137 killed by a limit
  bool timed_out = false;
  bool killed = false;  // by a limit (memory, output)
  std::string output;   // both streams, head and tail, raw bytes
  std::uint64_t dropped = 0;
  std::int64_t ms = 0;
};

// What a command's output ends with when it tried to remove or rename a folder that it is shown
// from the user's own tree: an overlay cannot grant that, a copy can.
constexpr std::string_view live_folder_stays = " itself cannot be removed or renamed here";

class Sandbox {
 public:
  virtual ~Sandbox() = default;
  // Everything that the command started is dead when this returns. Error `sandbox`: the isolation
  // broke down; `cancelled`: cancel was requested.
  virtual Result<CommandResult> run(const SandboxCommand& command, const Cancel& cancel) = 0;
  // The user that commands run as, when it is not the caller's own: the owner that a workspace
  // needs to have.
  virtual std::optional<unsigned> uid() const { return std::nullopt; }
};

}  // namespace mixagent
