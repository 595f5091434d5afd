#pragma once
// The command line of bubblewrap for one command: namespaces, mount view, and our init as pid 1.
// Pure.

#include "sandbox/policy.h"

#include "mixagent/sandbox.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mixagent {

// Descriptors inside: the filter program in, the init's report out; generated files follow.
constexpr int filter_fd = 3, report_fd = 4, first_file_fd = 10;

struct BwrapFeatures {
  bool sized_tmpfs = true;     // 0.7
  bool disable_userns = true;  // 0.8
};
// From the text of `bwrap --version`; no value when it is no such text or older than 0.5.
std::optional<BwrapFeatures> bwrap_features(std::string_view version_text);

struct Launch {
  std::vector<std::string> argv;
  std::vector<std::pair<int, std::string>> files;  // descriptor and content
};

// `init` is the init's host path; `nproc` the limit for RLIMIT_NPROC.
Launch bwrap_launch(const Policy& policy, const BwrapFeatures& features, const std::string& init,
                    const SandboxCommand& command, long nproc);

// Options of the init that all isolations share: report, time, memory, processes, disk.
std::vector<std::string> limit_options(const Policy& policy, const SandboxCommand& command,
                                       long nproc, const std::string& disk);

// Landlock alone as the wall: what a command may read outside of its workspace.
std::vector<std::string> bare_landlock_options(const Policy& policy);

}  // namespace mixagent
