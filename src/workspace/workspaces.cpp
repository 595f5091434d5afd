#include "workspace/workspaces.h"

#include "base/glob.h"
#include "system/beneath.h"
#include "system/git.h"
#include "workspace/apply.h"
#include "workspace/commit.h"
#include "workspace/merge.h"
#include "workspace/overlay_copy.h"
#include "workspace/snapshot.h"
#include "workspace/step_copy.h"
#include "workspace/store.h"
#include "workspace/throw_away_git.h"

#include <chrono>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace mixagent {
namespace {

constexpr const char* lock_name = ".lock";
constexpr const char* staged_name = "staged";  // of a delivery, see clear_leftovers
constexpr const char* base_name = "base";      // of overlays: a run's own while it lasts

// The base is left to the next run, unless there is one. The lock goes last: a folder that is half
// removed must still be found by the next sweep.
void remove_work(const std::filesystem::path& work, const std::filesystem::path& cache) {
  (void)move_folder(work / base_name, cache / base_name);
  if (const auto folder = open_directory(work)) {
    const auto entries = entries_of(folder->get(), work.string());
    for (const auto& entry : entries.value_or(std::vector<DirectoryEntry>())) {
      if (entry.name != lock_name) (void)remove_tree(work / entry.name);
    }
  }
  (void)remove_tree(work);
}

// What killed runs left behind: sibling folders whose lock nobody holds.
void sweep_beside(const std::filesystem::path& work, const std::filesystem::path& cache) {
  const auto folder = open_directory(work.parent_path());
  if (!folder) return;
  const auto entries = entries_of(folder->get(), work.parent_path().string());
  if (!entries) return;
  for (const auto& entry : *entries) {
    const auto path = work.parent_path() / entry.name;
    if (path == work || !file_exists(path / lock_name)) continue;
    const auto lock = FileLock::try_take(path / lock_name);
    if (lock && *lock) remove_work(path, cache);
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
        store_(options_.cache / "store", options_.keep),
        overlays_(options_.overlays),
        user_{options_.repository, options_.carry_limit_bytes, {}, {}, {}, {}} {}

  ~WorkspacesOnDisk() override { remove_work(options_.work, options_.cache); }

  Result<Snapshot> snapshot() override {
    const SnapshotSource source{git_, store_, stat_cache_file()};
    MIX_TRY(auto taken, take_snapshot(source, processes_));
    MIX_TRY(const Fd root, open_directory(options_.repository));
    auto carried =
        find_carried(root.get(), taken.tree, carry_rules(overlays_, options_.carry_limit_bytes));
    taken.left_out.insert(taken.left_out.end(), carried.left_out.begin(), carried.left_out.end());
    const std::lock_guard lock(mutex_);
    user_ = Ground{options_.repository, options_.carry_limit_bytes, std::move(carried), {}, {}, {}};
    return taken;
  }

  Result<std::unique_ptr<Workspace>> open(const Tree& tree) override {
    std::shared_ptr<CopyPool> pool;
    std::shared_ptr<OverlayBase> base;
    {
      const std::lock_guard lock(mutex_);
      const auto prepared = prepared_.find(setup_key(tree));
      auto& ground = prepared == prepared_.end() ? user_ : prepared->second;
      if (overlays_) {
        MIX_TRY(base, base_on(ground, tree));
      } else {
        MIX_TRY(pool, pool_on(ground, tree));
      }
    }
    return base ? open_overlay_copy(base, tree) : open_step_copy(pool, tree);
  }

  bool use_copies(bool wanted) override {
    const std::lock_guard lock(mutex_);
    const bool before = overlays_;
    overlays_ = options_.overlays && !wanted;
    if (before == overlays_) return false;
    // What can be shown live must be copied now, or the other way round.
    const auto forget = [](Ground& ground) {
      ground.carried.reset();
      ground.pool.reset();
    };
    forget(user_);
    for (auto& [key, ground] : prepared_) forget(ground);
    return true;
  }

  std::vector<std::string> disturbed() override {
    const std::lock_guard lock(mutex_);
    return user_.base ? user_.base->disturbed() : std::vector<std::string>();
  }

  Result<void> prepare(const Tree& tree,
                       const std::function<Result<void>(Workspace&)>& setup) override {
    const std::lock_guard one_at_a_time(setup_mutex_);
    Ground made;
    std::shared_ptr<CopyPool> pool;
    {
      const std::lock_guard lock(mutex_);
      if (prepared_.count(setup_key(tree)) != 0) return {};
      // A plain copy, so that what the setup leaves lies in one folder.
      MIX_TRY(const Fd root, open_directory(options_.repository));
      const auto carried = find_carried(root.get(), tree, carry_rules(false, user_.limit_bytes));
      MIX_TRY(auto ground, ground_of(options_.repository, carried));
      pool = std::make_shared<CopyPool>(std::move(ground), next_folder());
    }
    MIX_TRY(made.workspace, open_step_copy(pool, tree));
    MIX_OK(setup(*made.workspace));
    made.source = made.workspace->directory();
    made.limit_bytes = INT64_MAX;
    const std::lock_guard lock(mutex_);
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
    clear_leftovers(options_.repository, staged_list());
    return deliver_change(options_.repository, change, store_, before_rename, staged_list());
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
              deliver_change(options_.repository, change, store_, before_rename, staged_list()));
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
    MIX_TRY(auto delivery, deliver_change(options_.repository, back, store_, {}, staged_list()));
    if (delivery.conflicts.empty())
      MIX_OK(step_back({git_, store_, options_.work}, change, commit));
    return delivery;
  }

 private:
  // Where carried folders come from, and what was built on that.
  struct Ground {
    std::filesystem::path source;
    std::int64_t limit_bytes = 0;
    std::optional<Carried> carried;
    std::shared_ptr<CopyPool> pool;
    std::shared_ptr<OverlayBase> base;
    std::unique_ptr<Workspace> workspace;  // that a setup ran in; its folders are carried on
  };

  CarryRules carry_rules(bool overlays, std::int64_t limit_bytes) const {
    CarryRules rules{options_.carry, limit_bytes, {}};
    if (overlays) rules.live_from_bytes = options_.live_from_bytes;
    return rules;
  }

  // Made at the first copy: a run that is answered without one never asks git for it.
  Result<std::shared_ptr<CopyPool>> pool_on(Ground& ground, const Tree& tree) {
    if (ground.pool) return ground.pool;
    MIX_OK(find_carried_of(ground, tree));
    MIX_TRY(auto made, ground_of(ground.source, *ground.carried));
    ground.pool = std::make_shared<CopyPool>(std::move(made), next_folder());
    return ground.pool;
  }
  Result<std::shared_ptr<OverlayBase>> base_on(Ground& ground, const Tree& tree) {
    if (ground.base) return ground.base;
    MIX_OK(find_carried_of(ground, tree));
    MIX_TRY(auto made, ground_of(ground.source, *ground.carried));
    const auto folder = next_folder();
    MIX_TRY(ground.base, OverlayBase::make(std::move(made), tree, folder, place_of_base(folder)));
    return ground.base;
  }
  // The first one takes what an earlier run left; runs beside this one then make their own.
  std::filesystem::path place_of_base(const std::filesystem::path& folder) {
    if (std::exchange(base_taken_, true)) return folder / base_name;
    auto place = options_.work / base_name;
    (void)move_folder(options_.cache / base_name, place);
    // Whoever else owns files can change them while commands work on them.
    if (!is_own(place / "files") && !remove_tree(place)) return folder / base_name;
    return place;
  }
  std::filesystem::path next_folder() {
    return options_.work / ("copies-" + std::to_string(++pools_));
  }

  // A resumed run did not take the snapshot itself.
  Result<void> find_carried_of(Ground& ground, const Tree& tree) const {
    if (ground.carried) return {};
    MIX_TRY(const Fd root, open_directory(ground.source));
    ground.carried = find_carried(root.get(), tree, carry_rules(overlays_, ground.limit_bytes));
    return {};
  }

  Result<CopyGround> ground_of(const std::filesystem::path& source, const Carried& carried) {
    auto hidden = carried.folders;
    hidden.insert(hidden.end(), carried.live.begin(), carried.live.end());
    MIX_TRY(const auto facts, git_.facts());
    MIX_TRY(auto git, ThrowAwayGit::prepare(git_, facts, options_.work, options_.objects, hidden));
    std::vector<std::string> ignores;
    for (const auto& file : {facts.exclude, facts.global_ignore}) {
      if (auto text = read_file(file)) ignores.push_back(*std::move(text));
    }
    return CopyGround{
        source,          store_,       std::move(git), std::move(ignores),
        carried.folders, carried.live, options_.owner, StatCache::load(stat_cache_file())};
  }

  std::string setup_key(const Tree& tree) const {
    Tree inputs;
    for (const auto& [path, entry] : tree)
      if (any_glob_matches(options_.setup_inputs, path)) inputs.emplace(path, entry);
    return tree_id(inputs).text;
  }

  std::filesystem::path staged_list() const { return options_.cache / staged_name; }
  std::filesystem::path stat_cache_file() const { return options_.cache / "stat-cache"; }

  const WorkspaceOptions options_;
  Processes& processes_;
  const Git git_;
  FileLock lock_;
  Store store_;
  std::mutex mutex_;  // below
  bool overlays_;
  Ground user_;
  int pools_ = 0;
  bool base_taken_ = false;
  std::map<std::string, Ground> prepared_;  // by the state of the setup inputs
  std::mutex setup_mutex_;                  // taken before the other one
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
  sweep_beside(options.work, options.cache);
  if (const auto delivering = FileLock::try_take(options.cache / "deliver.lock");
      delivering && *delivering) {
    clear_leftovers(options.repository, options.cache / staged_name);
  }
  return std::unique_ptr<Workspaces>(
      std::make_unique<WorkspacesOnDisk>(options, processes, *std::move(lock)));
}

}  // namespace mixagent
