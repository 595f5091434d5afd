#include "sandbox/private_uid.h"

#include "system/clock_system.h"

#include <dirent.h>
#include <set>
#include <string>
#include <sys/stat.h>

namespace mixagent {
namespace {

template <class Visit>
void each_owner(const Visit& visit) {
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return;
  while (const dirent* entry = readdir(proc)) {
    struct stat status {};
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    if (fstatat(dirfd(proc), entry->d_name, &status, 0) == 0) visit(status.st_uid);
  }
  closedir(proc);
}

}  // namespace

unsigned pick_private_uid() {
  std::set<unsigned> taken;
  each_owner([&](unsigned uid) { taken.insert(uid); });
  constexpr unsigned count = last_private_uid - first_private_uid + 1;
  const auto start = static_cast<unsigned>(SystemRandom().next() % count);
  for (unsigned i = 0; i < count; ++i) {
    const unsigned uid = first_private_uid + (start + i) % count;
    if (taken.count(uid) == 0) return uid;
  }
  return first_private_uid + start;
}

long count_processes_of(unsigned uid) {
  long count = 0;
  each_owner([&](unsigned owner) { count += owner == uid; });
  return count;
}

}  // namespace mixagent
