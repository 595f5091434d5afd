#include "journal/blobs.h"

#include "base/digest.h"
#include "system/files.h"

#include <set>

namespace mixagent {

std::filesystem::path Blobs::path_of(const BlobId& id) const {
  return directory_ / id.text.substr(0, 2) / id.text;
}

Result<BlobId> Blobs::put(std::string_view bytes) {
  BlobId id{sha256_hex(bytes)};
  const std::lock_guard lock(mutex_);
  if (!known_.insert(id.text).second) return id;
  const auto path = path_of(id);
  if (file_exists(path)) return id;
  auto written = write_quickly(path, bytes);
  if (!written && written.error().code == ErrorCode::not_found) {
    written = make_directories(path.parent_path());
    if (written) written = write_quickly(path, bytes);
  }
  if (!written) {
    known_.erase(id.text);
    return fail(std::move(written).error());
  }
  unsynced_.push_back(path);
  return id;
}

Result<std::string> Blobs::get(const BlobId& id) const {
  const auto path = path_of(id);
  MIX_TRY(auto bytes, read_file(path));
  if (sha256_hex(bytes) != id.text) {
    return fail(ErrorCode::corrupt, "the bytes do not match their name", path.string(),
                "restore the run directory from a copy, or start a new run");
  }
  return bytes;
}

Result<void> Blobs::sync() {
  std::vector<std::filesystem::path> paths;
  {
    const std::lock_guard lock(mutex_);
    paths.swap(unsynced_);
  }
  std::set<std::filesystem::path> folders;
  for (const auto& path : paths) {
    MIX_OK(sync_path(path));
    folders.insert(path.parent_path());
  }
  for (const auto& folder : folders) MIX_OK(sync_path(folder));
  return {};
}

}  // namespace mixagent
