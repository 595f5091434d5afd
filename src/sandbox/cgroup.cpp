#include "sandbox/cgroup.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

constexpr const char* prefix = "mixagent-";
constexpr const char* own_group = "mixagent-main";
constexpr std::array wanted = {"memory", "pids", "cpu"};

// Never makes a file: what the kernel does not offer is not there.
bool put(const std::string& path, std::string_view text) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string get(const std::string& path) {
  return read_file(path, 64 << 10).value_or("");
}

bool has_word(std::string_view text, std::string_view word) {
  const auto words = split(replace_all(std::string(trim(text)), "\n", " "), ' ');
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Groups hand limits on only when no process is in them itself.
void hand_on(const std::string& folder) {
  const std::string file = folder + "/cgroup.subtree_control";
  const std::string available = get(folder + "/cgroup.controllers");
  for (const char* controller : wanted) {
    if (!has_word(available, controller) || has_word(get(file), controller)) continue;
    const std::string text = std::string("+") + controller;
    if (put(file, text) || errno != EBUSY) continue;
    if (trim(get(folder + "/cgroup.procs")) != std::to_string(getpid())) return;
    const std::string mine = folder + "/" + own_group;
    if ((mkdir(mine.c_str(), 0755) != 0 && errno != EEXIST) || !put(mine + "/cgroup.procs", "0"))
      return;
    put(file, text);
  }
}

// A command may have made groups in its own. False and errno when one is left.
bool remove_groups(const std::string& path) {
  std::error_code error;
  std::vector<std::string> below;
  for (const auto& entry : fs::directory_iterator(path, error))
    if (entry.symlink_status(error).type() == fs::file_type::directory)
      below.push_back(entry.path().string());
  for (const std::string& group : below)
    if (!remove_groups(group)) return false;
  return rmdir(path.c_str()) == 0;
}

void remove_group(const std::string& path) {
  put(path + "/cgroup.kill", "1");
  // The dead are still in it until they have been waited for.
  for (int i = 0; !remove_groups(path) && errno == EBUSY && i < 100; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

Fd locked(const std::string& path) {
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder && flock(folder.get(), LOCK_EX | LOCK_NB) != 0) folder.reset();
  return folder;
}

// mixagent-PROCESS-NUMBER: a user's own unit may well begin like that.
bool is_command_group(const std::string& name) {
  if (name.rfind(prefix, 0) != 0) return false;
  const auto parts = split(name.substr(std::string_view(prefix).size()), '-');
  return parts.size() == 2 && std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
           return !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
         });
}

void sweep(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (is_command_group(entry.path().filename().string())) found.push_back(entry.path().string());
  }
  for (const std::string& path : found)
    if (const Fd lock = locked(path)) remove_group(path);
}

}  // namespace

std::optional<std::string> cgroup_folder(std::string_view mountinfo, std::string_view membership) {
  std::string place;
  for (const std::string& line : split_lines(std::string(membership)))
    if (line.rfind("0::/", 0) == 0) place = line.substr(3);
  if (place.empty() || place.find("/..") != std::string::npos) return std::nullopt;
  // 41 31 0:38 ROOT MOUNT-POINT OPTIONS [TAGS] - cgroup2 SOURCE OPTIONS
  for (const std::string& line : split_lines(std::string(mountinfo))) {
    if (line.find(" - cgroup2 ") == std::string::npos) continue;
    const auto fields = split(line, ' ');
    if (fields.size() < 6 || !at_or_below(place, fields[3])) continue;
    std::string below = fields[3] == "/" ? place : place.substr(fields[3].size());
    if (below == "/") below.clear();
    return fields[4] + below;
  }
  return std::nullopt;
}

CgroupWrites cgroup_writes(const Policy& policy, std::string_view controllers) {
  CgroupWrites writes;
  if (has_word(controllers, "memory") && policy.memory_mb > 0) {
    writes.emplace_back("memory.max",
                        std::to_string(static_cast<long long>(policy.memory_mb) << 20));
    writes.emplace_back("memory.swap.max", "0");
    writes.emplace_back("memory.oom.group", "1");
  }
  // This counts threads, which the init does not; and there are bubblewrap and the init.
  if (has_word(controllers, "pids") && policy.processes > 0)
    writes.emplace_back("pids.max", std::to_string(2LL * policy.processes + 8));
  if (has_word(controllers, "cpu")) writes.emplace_back("cpu.weight", "20");
  return writes;
}

CgroupLeaf::~CgroupLeaf() {
  remove_group(path_);
}

bool CgroupLeaf::out_of_memory() const {
  for (const std::string& line : split_lines(get(path_ + "/memory.events")))
    if (line.rfind("oom_kill ", 0) == 0) return line != "oom_kill 0";
  return false;
}

std::unique_ptr<Cgroups> Cgroups::open(const std::string& folder) {
  std::string place = folder;
  if (fs::path(place).filename() == own_group) place = fs::path(place).parent_path().string();
  if (access((place + "/cgroup.procs").c_str(), W_OK) != 0 || access(place.c_str(), W_OK) != 0)
    return nullptr;
  auto groups = std::unique_ptr<Cgroups>(new Cgroups(place));
  sweep(place);
  hand_on(place);
  groups->controllers_ = std::string(trim(get(place + "/cgroup.subtree_control")));
  return groups;
}

std::unique_ptr<Cgroups> Cgroups::open_own() {
  const auto folder = cgroup_folder(get("/proc/self/mountinfo"), get("/proc/self/cgroup"));
  return folder ? open(*folder) : nullptr;
}

std::unique_ptr<CgroupLeaf> Cgroups::make(const Policy& policy) {
  const std::string path =
      folder_ + "/" + prefix + std::to_string(getpid()) + "-" + std::to_string(++made_);
  if (mkdir(path.c_str(), 0755) != 0) return nullptr;
  Fd lock = locked(path);
  if (!lock) {
    rmdir(path.c_str());
    return nullptr;
  }
  auto leaf = std::make_unique<CgroupLeaf>(path, std::move(lock));
  for (const auto& [file, text] : cgroup_writes(policy, controllers_)) put(path + "/" + file, text);
  return leaf;
}

}  // namespace mixagent
