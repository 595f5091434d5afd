#include "workspace/store.h"

#include "base/digest.h"
#include "system/beneath.h"
#include "system/change_at.h"

namespace mixagent {
namespace {

std::filesystem::path blob_path(const std::filesystem::path& layer, const std::string& id) {
  return layer / "blobs" / id.substr(0, 2) / id;
}

std::filesystem::path tree_path(const std::filesystem::path& layer, const std::string& id) {
  return layer / "trees" / id.substr(0, 2) / id;
}

std::int64_t size_on_disk(const std::filesystem::path& path) {
  const auto status = stat_path(path);
  return status && *status ? (*status)->size : -1;
}

}  // namespace

Result<void> Store::put_named(const std::filesystem::path& path, std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (known_.count(path.string()) != 0) return {};
  }
  // A power cut may have left an empty file under the right name: writing again heals it.
  if (size_on_disk(path) != static_cast<std::int64_t>(bytes.size())) {
    auto written = write_quickly(path, bytes);
    if (!written && written.error().code == ErrorCode::not_found) {
      MIX_OK(make_directories(path.parent_path()));
      written = write_quickly(path, bytes);
    }
    if (!written) return written;
  }
  const std::lock_guard lock(mutex_);
  known_.insert(path.string());
  return {};
}

Result<BlobId> Store::put(std::string_view bytes, Layer layer) {
  BlobId id{sha256_hex(bytes)};
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (layer == Layer::own && own_ != shared_ && size_on_disk(blob_path(shared_, id.text)) == size)
    return id;
  MIX_OK(put_named(blob_path(layer == Layer::own ? own_ : shared_, id.text), bytes));
  return id;
}

Result<std::string> Store::get(const BlobId& id) const {
  auto bytes = read_file(blob_path(own_, id.text));
  if (!bytes) bytes = read_file(blob_path(shared_, id.text));
  if (!bytes) return bytes;
  if (sha256_hex(*bytes) != id.text) {
    return fail(ErrorCode::corrupt, "stored bytes do not match their name",
                blob_path(shared_, id.text).string(), "delete that file and try again");
  }
  return bytes;
}

Result<Fd> Store::open(const BlobId& id, std::int64_t size) const {
  for (const auto* layer : {&own_, &shared_}) {
    const auto path = blob_path(*layer, id.text);
    auto fd = open_for_reading(path);
    if (!fd && fd.error().code == ErrorCode::not_found) continue;
    if (!fd) return fd;
    MIX_TRY(const auto status, stat_of(fd->get(), path.string()));
    if (status.size == size) return fd;
    return fail(ErrorCode::corrupt, "a stored file is not as long as it was", path.string(),
                "delete that file and try again");
  }
  return fail(ErrorCode::not_found, "bytes of a file are no longer stored",
              blob_path(shared_, id.text).string(),
              "start a new run: the cache was cleared since this one began");
}

bool Store::share(const BlobId& id, std::int64_t size, int folder, const std::string& name) const {
  const auto path = blob_path(shared_, id.text);
  return size_on_disk(path) == size && share_file_at(path, folder, name);
}

bool Store::has(const BlobId& id, std::int64_t size) const {
  return size_on_disk(blob_path(shared_, id.text)) == size ||
         (own_ != shared_ && size_on_disk(blob_path(own_, id.text)) == size);
}

Result<TreeId> Store::put_tree(const Tree& tree, Layer layer) {
  const auto listing = tree_listing(tree);
  TreeId id{sha256_hex(listing)};
  MIX_OK(put_named(tree_path(layer == Layer::own ? own_ : shared_, id.text), listing));
  return id;
}

Result<Tree> Store::get_tree(const TreeId& id) const {
  auto listing = read_file(tree_path(own_, id.text));
  if (!listing) listing = read_file(tree_path(shared_, id.text));
  if (!listing) return fail(std::move(listing).error());
  auto tree = parse_tree_listing(*listing);
  if (!tree || sha256_hex(*listing) != id.text) {
    return fail(ErrorCode::corrupt, "a stored tree does not read back",
                tree_path(shared_, id.text).string(), "delete that file and try again");
  }
  return *std::move(tree);
}

}  // namespace mixagent
