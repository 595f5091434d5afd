#pragma once
// The port `Context` over the functions of this room: an index of the repository that is kept
// between calls, and between runs in the cache.

#include "context/map.h"

#include "mixagent/context.h"
#include "mixagent/process.h"

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mixagent {

// Without `processes` there are neither definitions nor past commits; without `cache` nothing is
// kept.
struct ContextOptions {
  Processes* processes = nullptr;
  std::string search_path;           // where ctags is looked for
  std::filesystem::path repository;  // whose commits are read
  std::filesystem::path cache;       // a folder of this repository's own
};

// What a planner would be shown, file by file.
struct Survey {
  struct File {
    std::string path;
    double score = 0;
    std::int64_t tokens = 0;  // of the whole file
    std::string why;
  };
  std::vector<File> files;  // those in the text, best first
  std::string text;
  std::size_t all = 0, read_now = 0;  // files of the tree; of these read now, not known before
  bool definitions = false;           // ctags was there
};

class CuratedContext final : public Context {
 public:
  explicit CuratedContext(ContextOptions options = {});
  ~CuratedContext() override;
  std::string planner_context(const Tree& tree, const BlobReader& read, const std::string& goal,
                              std::int64_t budget) const override;
  std::string notes_for(const Tree& tree, const BlobReader& read,
                        const std::vector<std::string>& paths) const override;
  WorkerFiles worker_files(const Tree& tree, const BlobReader& read,
                           const std::vector<std::string>& paths, const std::string& wanted,
                           std::int64_t budget) const override;
  Survey survey(const Tree& tree, const BlobReader& read, const std::string& goal,
                std::int64_t budget) const;

 private:
  struct Kept;
  const Kept& index_of(const Tree& tree, const BlobReader& read) const;

  const ContextOptions options_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Kept> kept_;
};

}  // namespace mixagent
