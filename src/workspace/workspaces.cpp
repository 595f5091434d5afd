#include "workspace/workspaces.h"

#include "base/glob.h"
#include "system/beneath.h"
#include "system/git.h"
#include "workspace/apply.h"
#include "workspace/commit.h"
#include "workspace/merge.h"
#include "workspace/snapshot.h"
#include "workspace/step_copy.h"
#include "workspace/store.h"
#include "workspace/throw_away_git.h"

#include <chrono>
#include <map>
#include <mutex>
#include <thread>

namespace mixagent {
namespace {

constexpr const char* lock_name = ".lock";

// What killed runs left behind: sibling folders whose lock nobody holds.
void sweep_beside(const std::filesystem::path& work) {
  const auto folder = open_directory(work.parent_path());
  if (!folder) return;
  const auto entries = entries_of(folder->get(), work.parent_path().string());
  if (!entries) return;
  for (const auto& entry : *entries) {
    const auto path = work.parent_path() / entry.name;
    if (path == work || !file_exists(path / lock_name)) continue;
    const auto lock = FileLock::try_take(path / lock_name);
    if (lock && *lock) (void)remove_tree(path);
  }
}

Result<FileLock> wait_for_lock(const std::filesystem::path& path) {
  for (int tries = 0; tries < 3000; ++tries) {
    MIX_TRY(auto lock, FileLock::try_take(path));
    if (lock) return *std::move(lock);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return fail(ErrorCode::usage,
              "another process (" + lock_holder(path) +
                  ") has been delivering into this repository for a minute",
              path.string(), "wait for it, or stop it, then run `mixagent apply`");
}

class WorkspacesOnDisk final : public Workspaces {
 public:
  WorkspacesOnDisk(WorkspaceOptions options, Processes& processes, FileLock lock)
      : options_(std::move(options)),
        processes_(processes),
        git_(processes, options_.repository),
        lock_(std::move(lock)),
        store_(options_.cache / "store", options_.keep) {}

  ~WorkspacesOnDisk() override { (void)remove_tree(options_.work); }

  Result<Snapshot> snapshot() override {
    const SnapshotSource source{git_, store_, stat_cache_file()};
    MIX_TRY(auto taken, take_snapshot(source, processes_));
    MIX_TRY(const Fd root, open_directory(options_.repository));
    auto carried = find_carried(root.get(), taken.tree, options_.carry, options_.carry_limit_bytes);
    taken.left_out.insert(taken.left_out.end(), carried.left_out.begin(), carried.left_out.end());
    const std::lock_guard lock(mutex_);
    carried_ = std::move(carried.folders);
    pool_.reset();
    return taken;
  }

  Result<std::unique_ptr<Workspace>> open(const Tree& tree) override {
    std::shared_ptr<CopyPool> pool;
    {
      const std::lock_guard lock(mutex_);
      const auto prepared = prepared_.find(setup_key(tree));
      if (prepared != prepared_.end()) {
        pool = prepared->second.pool;
      } else {
        MIX_TRY(pool, prepared_pool(tree));
      }
    }
    return open_step_copy(pool, tree);
  }

  Result<void> prepare(const Tree& tree,
                       const std::function<Result<void>(Workspace&)>& setup) override {
    const std::lock_guard one_at_a_time(setup_mutex_);
    Prepared made;
    {
      const std::lock_guard lock(mutex_);
      if (prepared_.count(setup_key(tree)) != 0) return {};
      MIX_TRY(made.pool, prepared_pool(tree));
    }
    MIX_TRY(made.workspace, open_step_copy(made.pool, tree));
    MIX_OK(setup(*made.workspace));
    const auto directory = made.workspace->directory();
    MIX_TRY(const Fd root, open_directory(directory));
    const auto folders = find_carried(root.get(), tree, options_.carry, INT64_MAX).folders;
    const std::lock_guard lock(mutex_);
    MIX_TRY(made.pool, make_pool(directory, folders));
    prepared_.emplace(setup_key(tree), std::move(made));
    return {};
  }

  Result<std::string> bytes(const BlobId& blob) override { return store_.get(blob); }
  Result<BlobId> put(std::string_view bytes) override {
    return store_.put(bytes, Store::Layer::own);
  }
  Result<Tree> tree(const TreeId& id) override { return store_.get_tree(id); }
  Result<TreeId> keep(const Tree& tree) override {
    return store_.put_tree(tree, Store::Layer::own);
  }

  Result<Merge> merge(const Tree& base, const Tree& ours, const Tree& theirs) override {
    MIX_TRY(auto merge, merge_trees(base, ours, theirs, store_));
    if (merge.conflicts.empty()) MIX_OK(keep(merge.tree));
    return merge;
  }

  Result<std::string> diff(const Change& change) override { return diff_of(change, store_); }

  Result<Delivery> deliver(const Change& change,
                           const std::function<Result<void>()>& before_rename) override {
    // One at a time into a tree, whichever run it is; a child that outlived its process holds it
    // until it is done.
    MIX_TRY(const FileLock lock, wait_for_lock(options_.cache / "deliver.lock"));
    return deliver_change(options_.repository, change, store_, before_rename);
  }

  Result<Committed> commit(const Change& change, const CommitOrder& order,
                           const std::function<Result<void>()>& before_rename) override {
    MIX_TRY(const FileLock lock, wait_for_lock(options_.cache / "deliver.lock"));
    const CommitSite site{git_, store_, options_.work};
    Committed done;
    MIX_TRY(const auto prepared, prepare_commit(site, change, order));
    done.conflicts = prepared.conflicts;
    if (!done.conflicts.empty()) return done;
    if (order.branch.empty()) {
      MIX_TRY(const auto delivery,
              deliver_change(options_.repository, change, store_, before_rename));
      done.conflicts = delivery.conflicts;
      if (!done.conflicts.empty()) return done;
    } else if (before_rename) {
      MIX_OK(before_rename());
    }
    for (const auto& file : change.files) done.files.push_back(file.path);
    MIX_TRY(done.commit, finish_commit(site, prepared, order));
    return done;
  }

  Result<Delivery> uncommit(const Change& change, const std::string& branch,
                            const std::string& commit) override {
    MIX_TRY(const FileLock lock, wait_for_lock(options_.cache / "deliver.lock"));
    if (!branch.empty()) {
      MIX_OK(drop_branch(git_, branch, commit));
      return Delivery{};
    }
    MIX_OK(check_is_head(git_, commit));
    Change back;
    for (const auto& file : change.files)
      back.files.push_back({file.path, file.after, file.before});
    MIX_TRY(auto delivery, deliver_change(options_.repository, back, store_, {}));
    if (delivery.conflicts.empty())
      MIX_OK(step_back({git_, store_, options_.work}, change, commit));
    return delivery;
  }

 private:
  struct Prepared {
    std::shared_ptr<CopyPool> pool;
    std::unique_ptr<Workspace> workspace;  // that the setup ran in; its folders are carried on
  };

  // Made at the first copy: a run that is answered without one never asks git for it.
  Result<std::shared_ptr<CopyPool>> prepared_pool(const Tree& tree) {
    if (pool_) return pool_;
    if (!carried_) {  // a resumed run did not take the snapshot itself
      MIX_TRY(const Fd root, open_directory(options_.repository));
      carried_ = find_carried(root.get(), tree, options_.carry, options_.carry_limit_bytes).folders;
    }
    MIX_TRY(pool_, make_pool(options_.repository, *carried_));
    return pool_;
  }

  // Copies whose carried folders come from below `source`.
  Result<std::shared_ptr<CopyPool>> make_pool(const std::filesystem::path& source,
                                              const std::vector<std::string>& carried) {
    MIX_TRY(const auto facts, git_.facts());
    MIX_TRY(auto git, ThrowAwayGit::prepare(git_, facts, options_.work, options_.objects, carried));
    std::vector<std::string> ignores;
    for (const auto& file : {facts.exclude, facts.global_ignore}) {
      if (auto text = read_file(file)) ignores.push_back(*std::move(text));
    }
    const auto folder = options_.work / ("copies-" + std::to_string(++pools_));
    return std::make_shared<CopyPool>(
        CopyGround{source, store_, std::move(git), std::move(ignores), carried, options_.owner,
                   StatCache::load(stat_cache_file())},
        folder);
  }

  std::string setup_key(const Tree& tree) const {
    Tree inputs;
    for (const auto& [path, entry] : tree)
      if (any_glob_matches(options_.setup_inputs, path)) inputs.emplace(path, entry);
    return tree_id(inputs).text;
  }

  std::filesystem::path stat_cache_file() const { return options_.cache / "stat-cache"; }

  const WorkspaceOptions options_;
  Processes& processes_;
  const Git git_;
  FileLock lock_;
  Store store_;
  std::mutex mutex_;  // below
  std::optional<std::vector<std::string>> carried_;
  std::shared_ptr<CopyPool> pool_;
  int pools_ = 0;
  std::map<std::string, Prepared> prepared_;  // by the state of the setup inputs
  std::mutex setup_mutex_;                    // taken before the other one
};

}  // namespace

Result<std::unique_ptr<Workspaces>> make_workspaces(const WorkspaceOptions& options,
                                                    Processes& processes) {
  MIX_OK(make_directories(options.cache));
  MIX_OK(make_directories(options.work));
  MIX_TRY(auto lock, FileLock::try_take(options.work / lock_name));
  if (!lock) {
    return fail(ErrorCode::usage, "another process works in this folder", options.work.string(),
                "wait for it, or stop it, then try again");
  }
  sweep_beside(options.work);
  return std::unique_ptr<Workspaces>(
      std::make_unique<WorkspacesOnDisk>(options, processes, *std::move(lock)));
}

}  // namespace mixagent
