#pragma once
// A change into the user's working tree, all or nothing. No git, no hooks, no link is followed.
// What a delivery that was cut off has already put in place counts as done, so that delivering
// again finishes it.

#include "workspace/store.h"

#include "mixagent/workspace.h"

#include <functional>

namespace mixagent {

// `list`: a file of our own that names the temporary files while they are in the user's tree.
Result<Delivery> deliver_change(const std::filesystem::path& repository, const Change& change,
                                const Store& store,
                                const std::function<Result<void>()>& before_rename,
                                const std::filesystem::path& list);

// Removes the temporary files of a delivery whose process is gone. Call with the lock of
// deliveries.
void clear_leftovers(const std::filesystem::path& repository, const std::filesystem::path& list);

}  // namespace mixagent
