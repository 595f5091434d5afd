#pragma once
// A change into the user's working tree, all or nothing. No git, no hooks, no link is followed.
// What a delivery that was cut off has already put in place counts as done, so that delivering
// again finishes it.

#include "workspace/store.h"

#include "mixagent/workspace.h"

#include <functional>

namespace mixagent {

Result<Delivery> deliver_change(const std::filesystem::path& repository, const Change& change,
                                const Store& store,
                                const std::function<Result<void>()>& before_rename);

}  // namespace mixagent
