#include "support/memory_workspaces.h"

#include "base/digest.h"
#include "base/text.h"
#include "core/diff.h"

#include <utility>

namespace mixagent {

namespace {

Result<void> check_path(const std::string& path) {
  bool inside = !path.empty() && path.front() != '/';
  for (const std::string& part : split(path, '/'))
    inside = inside && part != ".." && part != ".git";
  if (!inside) return fail(ErrorCode::denied, "the path is outside the repository", path);
  return {};
}

std::optional<TreeEntry> entry_in(const Tree& tree, const std::string& path) {
  const auto found = tree.find(path);
  if (found == tree.end()) return {};
  return found->second;
}

}  // namespace

class MemoryWorkspace final : public Workspace {
 public:
  MemoryWorkspace(MemoryWorkspaces& home, std::string directory, Tree opened_with)
      : home_(home), directory_(std::move(directory)), opened_with_(std::move(opened_with)) {}
  ~MemoryWorkspace() override {
    const std::lock_guard lock(home_.mutex_);
    home_.copies_.erase(directory_);
  }

  std::filesystem::path directory() const override { return directory_; }
  Result<std::string> read(const std::string& path) override {
    MIX_OK(check_path(path));
    auto bytes = home_.file_at(directory_, path);
    if (!bytes) return fail(ErrorCode::not_found, "no such file", path);
    return *std::move(bytes);
  }
  Result<void> write(const std::string& path, std::string_view bytes) override {
    MIX_OK(check_path(path));
    home_.write_at(directory_, path, std::string(bytes));
    return {};
  }
  Result<void> remove(const std::string& path) override {
    MIX_OK(check_path(path));
    const std::lock_guard lock(home_.mutex_);
    if (home_.copies_[directory_].erase(path) == 0) {
      return fail(ErrorCode::not_found, "no such file", path);
    }
    return {};
  }
  Result<std::vector<std::string>> list() override {
    const std::lock_guard lock(home_.mutex_);
    std::vector<std::string> paths;
    for (const auto& [path, bytes] : home_.copies_[directory_]) paths.push_back(path);
    return paths;
  }
  Result<Collected> collect() override {
    const std::lock_guard lock(home_.mutex_);
    Collected collected;
    collected.tree = home_.tree_of(home_.copies_[directory_]);
    collected.id = tree_id(collected.tree);
    collected.change = difference(opened_with_, collected.tree);
    return collected;
  }
  Result<void> reset(const Tree& tree) override {
    const std::lock_guard lock(home_.mutex_);
    home_.copies_[directory_] = home_.files_of(tree);
    return {};
  }

 private:
  MemoryWorkspaces& home_;
  const std::string directory_;
  const Tree opened_with_;
};

Tree MemoryWorkspaces::tree_of(const Files& files) {
  Tree tree;
  for (const auto& [path, bytes] : files) {
    TreeEntry entry;
    entry.blob = BlobId{sha256_hex(bytes)};
    entry.size = static_cast<std::int64_t>(bytes.size());
    blobs_[entry.blob.text] = bytes;
    tree[path] = entry;
  }
  trees_[tree_id(tree).text] = tree;
  return tree;
}

Files MemoryWorkspaces::files_of(const Tree& tree) {
  Files files;
  for (const auto& [path, entry] : tree) files[path] = blobs_.at(entry.blob.text);
  return files;
}

Result<Snapshot> MemoryWorkspaces::snapshot() {
  const std::lock_guard lock(mutex_);
  Snapshot snapshot;
  snapshot.tree = tree_of(user_);
  snapshot.id = tree_id(snapshot.tree);
  for (const auto& [path, entry] : snapshot.tree) snapshot.bytes += entry.size;
  return snapshot;
}

Result<std::unique_ptr<Workspace>> MemoryWorkspaces::open(const Tree& tree) {
  const std::lock_guard lock(mutex_);
  std::string directory = "/memory/copy" + std::to_string(next_copy_++);
  copies_[directory] = files_of(tree);
  return std::make_unique<MemoryWorkspace>(*this, std::move(directory), tree);
}

Result<std::string> MemoryWorkspaces::bytes(const BlobId& blob) {
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(blob.text);
  if (found == blobs_.end()) return fail(ErrorCode::corrupt, "no such body", blob.text);
  return found->second;
}

Result<BlobId> MemoryWorkspaces::put(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  BlobId id{sha256_hex(bytes)};
  blobs_[id.text] = std::string(bytes);
  return id;
}

Result<Tree> MemoryWorkspaces::tree(const TreeId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = trees_.find(id.text);
  if (found == trees_.end()) return fail(ErrorCode::corrupt, "no such tree", id.text);
  return found->second;
}

Result<TreeId> MemoryWorkspaces::keep(const Tree& tree) {
  const std::lock_guard lock(mutex_);
  TreeId id = tree_id(tree);
  trees_[id.text] = tree;
  return id;
}

Result<Merge> MemoryWorkspaces::merge(const Tree& base, const Tree& ours, const Tree& theirs) {
  Merge merge;
  merge.tree = ours;
  for (const FileChange& change : difference(base, theirs).files) {
    const auto mine = entry_in(ours, change.path);
    if (mine == change.after) continue;
    if (mine == change.before) {
      if (change.after) {
        merge.tree[change.path] = *change.after;
      } else {
        merge.tree.erase(change.path);
      }
    } else if (mine && change.before && change.after) {
      MIX_TRY(const auto base_bytes, bytes(change.before->blob));
      MIX_TRY(const auto our_bytes, bytes(mine->blob));
      MIX_TRY(const auto their_bytes, bytes(change.after->blob));
      const ThreeWay merged = merge_three_way(base_bytes, our_bytes, their_bytes);
      if (!merged.hunks.empty()) merge.conflicts.push_back(change.path);
      TreeEntry entry = *mine;
      MIX_TRY(entry.blob, put(merged.text));
      entry.size = static_cast<std::int64_t>(merged.text.size());
      merge.tree[change.path] = entry;
    } else {
      merge.conflicts.push_back(change.path);
    }
  }
  MIX_OK(keep(merge.tree));
  return merge;
}

Result<std::string> MemoryWorkspaces::diff(const Change& change) {
  std::string out;
  for (const FileChange& file : change.files) {
    std::string before, after;
    if (file.before) {
      MIX_TRY(before, bytes(file.before->blob));
    }
    if (file.after) {
      MIX_TRY(after, bytes(file.after->blob));
    }
    out += unified_diff(before, after, file.path, !file.before, !file.after);
  }
  return out;
}

Result<Delivery> MemoryWorkspaces::deliver(const Change& change,
                                           const std::function<Result<void>()>& before_rename) {
  Delivery delivery;
  MIX_TRY(const Snapshot now, snapshot());
  for (const FileChange& file : change.files) {
    if (entry_in(now.tree, file.path) != file.before) delivery.conflicts.push_back(file.path);
  }
  if (!delivery.conflicts.empty()) return delivery;
  MIX_OK(before_rename());
  const std::lock_guard lock(mutex_);
  for (const FileChange& file : change.files) {
    if (file.after) {
      user_[file.path] = blobs_.at(file.after->blob.text);
    } else {
      user_.erase(file.path);
    }
    delivery.files.push_back(file.path);
  }
  return delivery;
}

// A repository in memory has no history: a commit on top of HEAD is a delivery with an id.
Result<Committed> MemoryWorkspaces::commit(const Change& change, const CommitOrder& order,
                                           const std::function<Result<void>()>& before_rename) {
  Committed done;
  done.commit = sha256_hex(order.branch + "\n" + order.message).substr(0, 40);
  if (order.branch.empty()) {
    MIX_TRY(const Delivery delivery, deliver(change, before_rename));
    done.files = delivery.files;
    done.conflicts = delivery.conflicts;
    return done;
  }
  for (const FileChange& file : change.files) done.files.push_back(file.path);
  return done;
}

Result<Delivery> MemoryWorkspaces::uncommit(const Change& change, const std::string& branch,
                                            const std::string&) {
  Change back;
  for (const FileChange& file : change.files)
    back.files.push_back({file.path, file.after, file.before});
  if (!branch.empty()) return Delivery{};
  return deliver(back, [] { return Result<void>(); });
}

Files MemoryWorkspaces::user_files() {
  const std::lock_guard lock(mutex_);
  return user_;
}

void MemoryWorkspaces::user_writes(const std::string& path, const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  user_[path] = bytes;
}

std::optional<std::string> MemoryWorkspaces::file_at(const std::filesystem::path& directory,
                                                     const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto copy = copies_.find(directory.string());
  if (copy == copies_.end()) return {};
  const auto file = copy->second.find(path);
  if (file == copy->second.end()) return {};
  return file->second;
}

void MemoryWorkspaces::write_at(const std::filesystem::path& directory, const std::string& path,
                                const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  copies_[directory.string()][path] = bytes;
}

void MemoryWorkspaces::remove_at(const std::filesystem::path& directory, const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto copy = copies_.find(directory.string());
  if (copy != copies_.end()) copy->second.erase(path);
}

int MemoryWorkspaces::open_copies() {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(copies_.size());
}

}  // namespace mixagent
