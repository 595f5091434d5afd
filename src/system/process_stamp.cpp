#include "system/process_stamp.h"

#include "base/text.h"
#include "system/files.h"

#include <array>
#include <unistd.h>

namespace mixagent {

namespace {

std::string machine() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "here";
  return name.data();
}

// Field 22 of /proc/PID/stat; the name in field 2 may hold anything, its bracket is the last one.
std::string begin_of(const std::string& pid) {
  const auto stat = read_file("/proc/" + pid + "/stat", 4096);
  if (!stat) return {};
  const auto bracket = stat->rfind(')');
  if (bracket == std::string::npos) return {};
  const auto fields = split(stat->substr(bracket + 1), ' ');
  return fields.size() > 20 ? fields[20] : std::string();
}

}  // namespace

std::string process_stamp() {
  const std::string pid = std::to_string(::getpid());
  return machine() + " " + pid + " " + begin_of(pid);
}

bool process_lives(const std::string& stamp) {
  const auto parts = split(stamp, ' ');
  if (parts.size() != 3 || parts[0] != machine()) return true;
  return begin_of(parts[1]) == parts[2];
}

bool process_runs(const std::string& pid) {
  return !begin_of(pid).empty();
}

}  // namespace mixagent
