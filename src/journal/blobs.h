#pragma once
// Bodies by content: DIR/ab/abcd..., named by the SHA-256 of what is stored. Equal bodies are
// stored once. Thread-safe.

#include "mixagent/error.h"
#include "mixagent/ids.h"

#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

class Blobs {
 public:
  explicit Blobs(std::filesystem::path directory) : directory_(std::move(directory)) {}

  Result<BlobId> put(std::string_view bytes);
  // not_found when there is none, corrupt when the bytes do not match the name.
  Result<std::string> get(const BlobId& id) const;
  // Makes everything put so far survive a power cut.
  Result<void> sync();

 private:
  std::filesystem::path path_of(const BlobId& id) const;

  std::filesystem::path directory_;
  std::mutex mutex_;
  std::set<std::string> known_;  // present on disk, as far as this process knows
  std::vector<std::filesystem::path> unsynced_;
};

}  // namespace mixagent
