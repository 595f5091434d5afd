#pragma once
// A control group of its own for each command, where this process has been given a part of the
// version 2 hierarchy: the kernel's own limits of memory and processes for the whole of it, and a
// kill that nothing escapes. Never required; the init watches the same limits by itself.

#include "sandbox/policy.h"
#include "system/files.h"

#include <atomic>
#include <memory>

namespace mixagent {

// The folder of this process in the hierarchy, from the texts of /proc/self/mountinfo and
// /proc/self/cgroup; wherever that is mounted.
std::optional<std::string> cgroup_folder(std::string_view mountinfo, std::string_view membership);

using CgroupWrites = std::vector<std::pair<std::string, std::string>>;  // file, text
// `controllers` as in cgroup.controllers of the new group.
CgroupWrites cgroup_writes(const Policy& policy, std::string_view controllers);

// One command's; gone, with all that is in it, when destroyed.
class CgroupLeaf {
 public:
  CgroupLeaf(std::string path, Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  ~CgroupLeaf();
  CgroupLeaf(const CgroupLeaf&) = delete;
  CgroupLeaf& operator=(const CgroupLeaf&) = delete;

  const std::string& path() const { return path_; }
  // The kernel killed it for its memory.
  bool out_of_memory() const;

 private:
  std::string path_;
  Fd lock_;  // as long as it is held, no other start removes the group
};

// Thread-safe.
class Cgroups {
 public:
  // Below `folder`; removes what a killed process left there. Empty where groups cannot be made.
  // Moves this process into a group of its own when that is what it takes to hand limits on.
  static std::unique_ptr<Cgroups> open(const std::string& folder);
  // Of this process's own folder.
  static std::unique_ptr<Cgroups> open_own();

  const std::string& folder() const { return folder_; }
  const std::string& controllers() const { return controllers_; }  // of new groups
  // Null where it fails: the command then runs without.
  std::unique_ptr<CgroupLeaf> make(const Policy& policy);

 private:
  explicit Cgroups(std::string folder) : folder_(std::move(folder)) {}
  const std::string folder_;
  std::string controllers_;
  std::atomic<int> made_{0};
};

}  // namespace mixagent
