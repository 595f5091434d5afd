#pragma once
// A repository in memory: the second implementation of the ports in mixagent/workspace.h. Merges
// and diffs are the real pure ones of core/diff.h. A copy's directory() is only a name; a
// FakeSandbox row finds its files through `file_at`. Thread-safe; one Workspace belongs to one
// thread.

#include "mixagent/workspace.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mixagent {

using Files = std::map<std::string, std::string>;  // path -> bytes

class MemoryWorkspaces final : public Workspaces {
 public:
  explicit MemoryWorkspaces(Files user) : user_(std::move(user)) {}

  Result<Snapshot> snapshot() override;
  Result<std::unique_ptr<Workspace>> open(const Tree& tree) override;
  Result<std::string> bytes(const BlobId& blob) override;
  Result<BlobId> put(std::string_view bytes) override;
  Result<Tree> tree(const TreeId& id) override;
  Result<TreeId> keep(const Tree& tree) override;
  Result<Merge> merge(const Tree& base, const Tree& ours, const Tree& theirs) override;
  Result<std::string> diff(const Change& change) override;
  Result<Delivery> deliver(const Change& change,
                           const std::function<Result<void>()>& before_rename) override;

  Result<Committed> commit(const Change& change, const CommitOrder& order,
                           const std::function<Result<void>()>& before_rename) override;
  Result<Delivery> uncommit(const Change& change, const std::string& branch,
                            const std::string& commit) override;

  bool use_copies(bool wanted) override { return copies_only_.exchange(wanted) != wanted; }
  bool copies_only() const { return copies_only_; }

  // The user's own tree, and a user at work in it.
  Files user_files();
  void user_writes(const std::string& path, const std::string& bytes);
  // A file of an open copy, by the copy's directory. For rows of a FakeSandbox.
  std::optional<std::string> file_at(const std::filesystem::path& directory,
                                     const std::string& path);
  void write_at(const std::filesystem::path& directory, const std::string& path,
                const std::string& bytes);
  void remove_at(const std::filesystem::path& directory, const std::string& path);
  int open_copies();

 private:
  friend class MemoryWorkspace;
  Tree tree_of(const Files& files);  // with the lock held
  Files files_of(const Tree& tree);  // with the lock held

  std::mutex mutex_;
  Files user_;
  std::map<std::string, std::string> blobs_;
  std::map<std::string, Tree> trees_;
  std::map<std::string, Files> copies_;  // directory -> files
  int next_copy_ = 1;
  std::atomic<bool> copies_only_{false};
};

}  // namespace mixagent
