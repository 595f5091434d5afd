#include "workspace/snapshot.h"

#include "base/text.h"
#include "system/beneath.h"
#include "workspace/names.h"
#include "workspace/stat_cache.h"

#include <algorithm>
namespace mixagent {
namespace {

// Submodules and repositories inside are listed by their own git; their files are ordinary files
// here.
Result<void> list_files(const Git& git, Processes& processes, const std::string& prefix, int depth,
                        std::vector<GitFile>& files) {
  MIX_TRY(auto listed, git.files());
  for (auto& file : listed) {
    const auto folder = git.root() / file.path;
    file.path = prefix + file.path;
    if (!file.repository) {
      files.push_back(std::move(file));
    } else if (depth < 10 && stat_path(folder / ".git").value_or(std::nullopt)) {
      MIX_OK(list_files(Git(processes, folder), processes, file.path + "/", depth + 1, files));
    }
  }
  return {};
}

// The folder of the file looked at last, opened without following links: files come sorted.
class FolderOf {
 public:
  explicit FolderOf(int root) : root_(root) {}
  // -1: no such folder, or a link stands in its place.
  int of(const std::string& path) {
    const auto folder = std::string(folder_of(path));
    if (folder.empty()) return root_;
    if (folder != name_) {
      auto opened = open_beneath(root_, folder, Access::folder, Links::refuse);
      fd_ = opened ? *std::move(opened) : Fd();
      name_ = folder;
    }
    return fd_.get();
  }

 private:
  int root_;
  std::string name_;
  Fd fd_;
};

class SnapshotTaking {
 public:
  SnapshotTaking(const SnapshotSource& source, int root)
      : source_(source), folders_(root), old_(StatCache::load(source.stat_cache)) {}

  Result<void> take(const GitFile& file) {
    const int folder = folders_.of(file.path);
    if (folder < 0) return {};
    const std::string name(last_name_of(file.path));
    MIX_TRY(const auto status, stat_at(folder, name));
    if (!status || status->kind == FileKind::directory || status->kind == FileKind::other)
      return {};
    if (is_left_out(file, *status)) return {};
    auto entry = old_.find(file.path, *status);
    if (entry && !source_.store.has(entry->blob, entry->size)) entry.reset();
    if (entry) {
      new_.remember(file.path, *status, *entry, status->ctime_ns + 1);
    } else {
      const auto read_at = coarse_now_ns();
      MIX_TRY(entry, read(folder, name, file.path, *status));
      new_.remember(file.path, *status, *entry, read_at);
    }
    snapshot_.bytes += entry->size;
    snapshot_.tree.emplace_hint(snapshot_.tree.end(), file.path, *std::move(entry));
    return {};
  }

  Result<Snapshot> finish() {
    MIX_TRY(snapshot_.id, source_.store.put_tree(snapshot_.tree, Store::Layer::shared));
    if (!(new_ == old_)) MIX_OK(new_.save(source_.stat_cache));
    return std::move(snapshot_);
  }

 private:
  bool is_left_out(const GitFile& file, const FileStat& status) {
    const auto name = last_name_of(file.path);
    if (!file.tracked && name.substr(0, 10) == ".mixagent-" &&
        name.substr(name.size() - 4) == ".tmp") {
      return true;  // left by a delivery that was cut off
    }
    std::string why;
    if (!valid_utf8(file.path)) {
      why = "the name is not valid UTF-8";
    } else if (!file.tracked && status.size > source_.untracked_limit_bytes) {
      why = format_bytes(static_cast<std::uint64_t>(status.size));
    }
    if (!why.empty()) snapshot_.left_out.push_back(repair_utf8(file.path) + " (" + why + ")");
    return !why.empty();
  }

  Result<TreeEntry> read(int folder, const std::string& name, const std::string& path,
                         const FileStat& status) {
    TreeEntry entry;
    std::string bytes;
    if (status.kind == FileKind::symlink) {
      entry.mode = FileMode::symlink;
      MIX_TRY(bytes, link_target_at(folder, name));
    } else {
      entry.mode = (status.mode & 0100) != 0 ? FileMode::executable : FileMode::regular;
      auto fd = open_beneath(folder, name, Access::read, Links::refuse);
      if (!fd) {
        return fail(fd.error().code, fd.error().what, (source_.git.root() / path).string(),
                    "make the file readable, or list it in .gitignore");
      }
      MIX_TRY(bytes, read_all(fd->get(), path));
    }
    entry.size = static_cast<std::int64_t>(bytes.size());
    MIX_TRY(entry.blob, source_.store.put(bytes, Store::Layer::shared));
    return entry;
  }

  const SnapshotSource& source_;
  FolderOf folders_;
  const StatCache old_;
  StatCache new_;
  Snapshot snapshot_;
};

}  // namespace

Result<Snapshot> take_snapshot(const SnapshotSource& source, Processes& processes) {
  std::vector<GitFile> files;
  MIX_OK(list_files(source.git, processes, "", 0, files));
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  MIX_TRY(const Fd root, open_directory(source.git.root()));
  SnapshotTaking taking(source, root.get());
  for (const auto& file : files) MIX_OK(taking.take(file));
  return taking.finish();
}

}  // namespace mixagent
