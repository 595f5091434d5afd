#pragma once
// What a command may see and use, as values: decided once per run from the user's configuration and
// the machine, never from the workspace.

#include "mixagent/config.h"
#include "mixagent/error.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mixagent {

using Variables = std::vector<std::pair<std::string, std::string>>;

struct SandboxOptions {
  SandboxConfig config;              // `isolation` included
  std::filesystem::path repository;  // its own absolute path; where workspaces appear
  std::filesystem::path objects;     // the repository's object store, or empty
  std::filesystem::path home;        // the user's; its place is kept, its content is not shown
  std::filesystem::path cache;       // for the extracted init and copies of /etc; never granted
  std::filesystem::path work;        // this run's folder, removed with it; empty: no setup
  Variables environment;             // this process's own (process_environment)
  bool only_public = true;           // false in tests alone: allowed hosts may stand on loopback
};

struct Bind {
  std::string source, target;
  bool writable = false;
};

struct Policy {
  std::string home;                                        // inside
  std::string repository;                                  // canonical
  std::string user;                                        // the name inside
  unsigned uid = 0, gid = 0;                               // inside
  std::optional<unsigned> private_uid;                     // set when this process is root
  std::vector<Bind> system;                                // /usr and the like
  std::vector<std::string> etc;                            // paths below /etc that are shown
  std::string etc_folder;                                  // copies of them, shown as /etc (etc.h)
  std::vector<std::pair<std::string, std::string>> links;  // {target, path}: {"usr/bin", "/bin"}
  std::vector<Bind> extra;  // toolchains, caches, what the user added; parents before children
  // Targets in `extra`: caches that commands write in a layer which goes with them (throw_away.h),
  // where overlays work; else they are not shown, and tools start with an empty one.
  std::vector<std::string> throw_away;
  std::vector<std::string> named_caches;  // targets that the user spoke of
  std::string objects;                    // host path or empty
  std::string proxy;                      // host path of the filtering proxy's socket, or empty
  bool network = false;
  bool whole_machine = false;  // external, none: nothing is hidden
  Variables environment;       // cleaned
  int memory_mb = 0, disk_mb = 0, processes = 0;
};

// Error config: a path that may not be granted. Error sandbox: a repository in a place that cannot
// be shown.
Result<Policy> make_policy(const SandboxOptions& options);

// Of the names that hold secrets, or steer programs from outside. Such a variable is passed on only
// by its exact name.
bool suspicious_variable(std::string_view name);

// The allow-list over `host`, and what every command gets. `visible` says which PATH entries and
// folders stay.
Variables clean_environment(const SandboxOptions& options, const Policy& policy);

// ---- used by the parts of the policy

std::string value_of(const Variables& environment, std::string_view name);
std::string user_name(const Variables& environment);  // plain, never "root"
bool exists(const std::string& path);
// Without links, whether it exists or not; no slash at the end.
std::string real_path(const std::filesystem::path& path);
// A command sees what the host has at `path`.
bool visible(const Policy& policy, const std::string& path);
// Nothing is ever mounted at or below the workspace, or over what the sandbox itself puts there.
bool may_mount(const Policy& policy, const std::string& target);
// PATH entries and their libraries, read-only at their own places, when they are not of the system.
void add_toolchains(Policy& policy, const SandboxOptions& options);
// Caches of the tools that this repository seems to use and that cannot work on a read-only one.
void add_private_caches(Policy& policy);
// Folders that packages are downloaded into, below the home folder: kept below `downloads` on the
// host. Commands online write them (missing ones are not made here), others only read what is
// there. Not where the user said what to do.
void show_downloads(Policy& policy, const std::string& downloads, bool online);
// Those folders, relative.
std::vector<std::string> download_folders();
// `path` is `parent` or below it; both absolute and normal.
bool at_or_below(std::string_view path, std::string_view parent);

}  // namespace mixagent
