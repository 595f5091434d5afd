#pragma once
// The sandbox of a run, from the configuration and this machine.

#include "cli/commands.h"

#include "mixagent/config.h"
#include "mixagent/process.h"
#include "mixagent/sandbox.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace mixagent {

struct IsolationSite {
  SandboxConfig config;
  std::filesystem::path root;   // of the repository; for `doctor` outside of one: any folder
  std::filesystem::path cache;  // for the extracted init
  std::filesystem::path work;   // of the run, or empty
};

// Tried out with one command of no effect. Error sandbox: cause and remedy.
Result<std::unique_ptr<Sandbox>> isolate(const CliContext& context, const IsolationSite& site,
                                         Processes& processes);
// What this machine can isolate, a line a wall, for `doctor`.
std::vector<std::string> describe_isolation(const CliContext& context, const IsolationSite& site,
                                            Processes& processes);

}  // namespace mixagent
