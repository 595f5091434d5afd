#pragma once
// The port `Context` over the pure functions of this room.

#include "mixagent/context.h"

namespace mixagent {

class CuratedContext final : public Context {
 public:
  std::string planner_context(const Tree& tree, const BlobReader& read, const std::string& goal,
                              std::int64_t budget) const override;
  std::string notes_for(const Tree& tree, const BlobReader& read,
                        const std::vector<std::string>& paths) const override;
  WorkerFiles worker_files(const Tree& tree, const BlobReader& read,
                           const std::vector<std::string>& paths,
                           std::int64_t budget) const override;
};

}  // namespace mixagent
