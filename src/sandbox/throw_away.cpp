#include "sandbox/throw_away.h"

#include "system/files.h"
#include "system/overlay_files.h"

#include <algorithm>

namespace mixagent {

Result<std::unique_ptr<ThrowAway>> ThrowAway::make(const std::filesystem::path& folder,
                                                   Policy& policy) {
  MIX_OK(remove_tree(folder));  // of a killed process that had the same number
  std::optional<Owner> owner;
  if (const auto uid = policy.private_uid) owner = Owner{*uid, *uid};
  auto made = std::unique_ptr<ThrowAway>(new ThrowAway(folder));
  for (Bind& bind : policy.extra) {
    if (std::find(policy.throw_away.begin(), policy.throw_away.end(), bind.target) ==
        policy.throw_away.end())
      continue;
    const auto scratch = folder / std::to_string(made->overlays_.size());
    MIX_OK(make_directories(scratch / "merged"));
    MIX_OK(make_overlay_scratch(scratch, owner));
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
