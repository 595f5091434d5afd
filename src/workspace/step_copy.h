#pragma once
// The port of mixagent/workspace.h over a copy on disk: what tools and the collection see. Belongs
// to one thread.

#include "workspace/copy_on_disk.h"

#include "mixagent/workspace.h"

#include <memory>

namespace mixagent {

// The copy goes back to the pool when the Workspace ends.
Result<std::unique_ptr<Workspace>> open_step_copy(const std::shared_ptr<CopyPool>& pool,
                                                  const Tree& tree);

}  // namespace mixagent
