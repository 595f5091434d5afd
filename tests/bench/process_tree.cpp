#include "bench/process_tree.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

namespace mixagent {

namespace {

std::map<pid_t, pid_t> parents() {
  std::map<pid_t, pid_t> parent_of;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string line;
    std::getline(stat, line);
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) continue;
    std::istringstream fields(line.substr(name_end + 2));
    char state = 0;
    pid_t parent = 0;
    fields >> state >> parent;
    parent_of[std::stoi(name)] = parent;
  }
  return parent_of;
}

std::set<pid_t> tree_of(pid_t root) {
  const auto parent_of = parents();
  std::set<pid_t> tree;
  for (auto [pid, parent] : parent_of) {
    pid_t at = pid;
    while (at > 1 && at != root) {
      const auto up = parent_of.find(at);
      at = up == parent_of.end() ? 0 : up->second;
    }
    if (at == root) tree.insert(pid);
  }
  return tree;
}

}  // namespace

std::int64_t tree_pss_kb(pid_t root) {
  std::int64_t sum = 0;
  for (const pid_t pid : tree_of(root)) {
    std::ifstream rollup("/proc/" + std::to_string(pid) + "/smaps_rollup");
    for (std::string line; std::getline(rollup, line);) {
      if (line.rfind("Pss:", 0) == 0) sum += std::stoll(line.substr(4));
    }
  }
  return sum;
}

int tree_size(pid_t root) {
  return static_cast<int>(tree_of(root).size());
}

}  // namespace mixagent
