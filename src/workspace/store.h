#pragma once
// Bytes and trees by content. Two layers: `shared` (the repository's cache, filled by snapshots,
// used by all runs) and `own` (what this run made, in the run's directory, so that a copied run can
// go on elsewhere). Reading looks in both. Thread-safe.

#include "system/files.h"

#include "mixagent/change.h"
#include "mixagent/error.h"

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

namespace mixagent {

class Store {
 public:
  enum class Layer { shared, own };
  // `own` may be empty: then everything goes to `shared`.
  Store(std::filesystem::path shared, std::filesystem::path own)
      : shared_(std::move(shared)), own_(own.empty() ? shared_ : std::move(own)) {}

  Result<BlobId> put(std::string_view bytes, Layer layer);
  Result<std::string> get(const BlobId& id) const;
  // For copying; Error corrupt when it does not have that size.
  Result<Fd> open(const BlobId& id, std::int64_t size) const;
  // The stored file itself under a second name, for folders that nobody writes in. False where that
  // cannot be.
  bool share(const BlobId& id, std::int64_t size, int folder, const std::string& name) const;
  bool has(const BlobId& id, std::int64_t size) const;

  Result<TreeId> put_tree(const Tree& tree, Layer layer);
  Result<Tree> get_tree(const TreeId& id) const;

 private:
  Result<void> put_named(const std::filesystem::path& path, std::string_view bytes);

  const std::filesystem::path shared_, own_;
  std::mutex mutex_;
  std::unordered_set<std::string> known_;  // paths that this process wrote or saw whole
};

}  // namespace mixagent
