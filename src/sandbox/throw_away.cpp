#include "sandbox/throw_away.h"

#include "system/files.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace mixagent {

Result<std::unique_ptr<ThrowAway>> ThrowAway::make(const std::filesystem::path& folder,
                                                   Policy& policy) {
  auto made = std::unique_ptr<ThrowAway>(new ThrowAway(folder));
  for (Bind& bind : policy.extra) {
    if (std::find(policy.throw_away.begin(), policy.throw_away.end(), bind.target) ==
        policy.throw_away.end())
      continue;
    const auto scratch = folder / std::to_string(made->overlays_.size());
    for (const char* part : {"upper", "work", "low", "merged"})
      MIX_OK(make_directories(scratch / part));
    const std::string upper = scratch / "upper";
    if (chmod(upper.c_str(), 0755) != 0 ||
        (policy.private_uid && chown(upper.c_str(), *policy.private_uid, *policy.private_uid) != 0))
      return fail(io_error(errno, "cannot be given to the command's user", upper));
    made->overlays_.push_back({"", bind.source, scratch});
    bind.source = scratch / "merged";
    bind.writable = true;
  }
  return made;
}

ThrowAway::~ThrowAway() {
  (void)remove_tree(folder_);
}

}  // namespace mixagent
