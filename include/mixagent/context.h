#pragma once
// What models get to see of a repository: curated text under a token budget. Every piece carries
// its path. Implemented in context/context.cpp. Pure over its arguments, hence thread-safe; never
// fails: a file that cannot be read is left out and named.

#include "mixagent/change.h"
#include "mixagent/error.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace mixagent {

using BlobReader = std::function<Result<std::string>(const BlobId&)>;

struct WorkerFiles {
  std::string text;
  std::vector<std::string> whole;  // shown completely: these count as read in the conversation
};

class Context {
 public:
  virtual ~Context() = default;
  // File tree and the files that match the goal's words, best first. `budget` in estimated tokens.
  virtual std::string planner_context(const Tree& tree, const BlobReader& read,
                                      const std::string& goal, std::int64_t budget) const = 0;
  // AGENTS.md (else CLAUDE.md, else GEMINI.md) of every folder from the root down to those of
  // `paths`. Empty: none.
  virtual std::string notes_for(const Tree& tree, const BlobReader& read,
                                const std::vector<std::string>& paths) const = 0;
  // The named files (paths or globs), whole when they fit, else the ranges that `wanted` (the
  // step's words) is about; then the signatures of what they use from other files.
  virtual WorkerFiles worker_files(const Tree& tree, const BlobReader& read,
                                   const std::vector<std::string>& paths, const std::string& wanted,
                                   std::int64_t budget) const = 0;
};

}  // namespace mixagent
