#include "workspace/apply.h"

#include "base/digest.h"
#include "base/text.h"
#include "system/change_at.h"
#include "system/switch_files.h"
#include "workspace/names.h"

#include <algorithm>
#include <set>

namespace mixagent {
namespace {

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

// The same name for the same change, so that a second try finds and clears what the first left
// behind.
std::string staged_name(const FileChange& file) {
  const auto id = sha256_hex(file.path + '\0' + (file.after ? file.after->blob.text : "deleted"));
  return ".mixagent-" + id.substr(0, 16) + ".tmp";
}

class Delivering {
 public:
  Delivering(int root, const Change& change, const Store& store, std::filesystem::path list)
      : root_(root), store_(store), list_(std::move(list)) {
    for (const auto& file : change.files) {
      if (file.before) removed_.insert(file.path);
      if (file.after) put_.insert(file.path);
      plans_.push_back({file, {}, {}, false});
    }
  }

  Result<Delivery> deliver(const std::function<Result<void>()>& before_rename) {
    MIX_OK(check_all());
    if (!delivery_.conflicts.empty()) return Delivery{{}, delivery_.conflicts};
    auto staged = stage_all();
    if (staged && before_rename) staged = before_rename();
    if (!staged) {
      clear_staged();
      return fail(std::move(staged).error());
    }
    auto outcome = switch_files(root_, steps());
    if (!outcome) return fail(std::move(outcome).error());
    clear_staged();
    if (outcome->done) drop_emptied_folders();
    if (!outcome->done && (outcome->why == "changed meanwhile"))
      return Delivery{{}, {outcome->path}};
    if (!outcome->done)
      return fail(ErrorCode::io, "cannot apply: " + outcome->why, outcome->path,
                  "nothing was changed");
    for (const auto& plan : plans_) delivery_.files.push_back(plan.file.path);
    return delivery_;
  }

 private:
  struct Plan {
    FileChange file;
    std::optional<FileStat> now;  // what lies there, when it is what the snapshot saw
    std::string staged;           // path of the temporary file
    bool done = false;            // already as it should be
  };

  // Before anything is written.

  Result<void> check_all() {
    for (auto& plan : plans_) {
      MIX_TRY(const bool fine, check(plan));
      if (!fine) delivery_.conflicts.push_back(plan.file.path);
    }
    return {};
  }

  Result<bool> check(Plan& plan) {
    auto folder = folder_of_target(plan.file.path);
    if (!folder && folder.error().code != ErrorCode::not_found) return is_replaced_folder(plan);
    std::optional<FileStat> status;
    std::optional<TreeEntry> entry;
    if (folder) {
      const std::string name(last_name_of(plan.file.path));
      MIX_TRY(status, stat_at(folder->get(), name));
      if (status) {
        MIX_TRY(entry, read_entry(folder->get(), name, plan.file, *status));
      }
    }
    if (entry == plan.file.after && status.has_value() == plan.file.after.has_value()) {
      plan.done = true;
      return true;
    }
    if (status && status->kind == FileKind::directory) {
      if (!plan.file.before) return will_be_empty(plan.file.path);
      plan.done = !plan.file.after && puts_below(plan.file.path);
      return plan.done;
    }
    if (entry != plan.file.before || status.has_value() != plan.file.before.has_value())
      return false;
    plan.now = status;
    return true;
  }

  Result<Fd> folder_of_target(const std::string& path) const {
    const std::string folder(folder_of(path));
    return open_beneath(root_, folder, Access::folder, Links::refuse);
  }

  // The folder is a file or a link now. Fine when this change is what removes that, or what put it
  // there.
  Result<bool> is_replaced_folder(Plan& plan) const {
    for (auto folder = folder_of(plan.file.path); !folder.empty(); folder = folder_of(folder)) {
      if (!plan.file.before && removed_.count(std::string(folder)) != 0) return true;
      if (!plan.file.after && put_.count(std::string(folder)) != 0) plan.done = true;
    }
    return plan.done;
  }

  bool puts_below(const std::string& folder) const {
    const auto first = put_.lower_bound(folder + "/");
    return first != put_.end() && first->compare(0, folder.size() + 1, folder + "/") == 0;
  }

  // What lies there as a tree entry; empty when it is no file, or surely not one of the two that
  // matter.
  Result<std::optional<TreeEntry>> read_entry(int folder, const std::string& name,
                                              const FileChange& file,
                                              const FileStat& status) const {
    TreeEntry entry;
    entry.size = status.size;
    if (status.kind == FileKind::symlink) {
      MIX_TRY(const auto target, link_target_at(folder, name));
      entry.mode = FileMode::symlink;
      entry.size = static_cast<std::int64_t>(target.size());
      entry.blob = {sha256_hex(target)};
      return std::optional(entry);
    }
    const bool could_match = (file.before && file.before->size == status.size) ||
                             (file.after && file.after->size == status.size);
    if (status.kind != FileKind::regular || !could_match) return std::optional<TreeEntry>();
    MIX_TRY(const Fd fd, open_beneath(folder, name, Access::read, Links::refuse));
    MIX_TRY(const auto bytes, read_all(fd.get(), file.path));
    entry.mode = (status.mode & 0100) != 0 ? FileMode::executable : FileMode::regular;
    entry.blob = {sha256_hex(bytes)};
    return std::optional(entry);
  }

  // A folder where the change puts a file: every file in it must be one that the change removes.
  Result<bool> will_be_empty(const std::string& folder) {
    MIX_TRY(const Fd fd, open_beneath(root_, folder, Access::folder, Links::refuse));
    MIX_TRY(const auto entries, entries_of(fd.get(), folder));
    for (const auto& entry : entries) {
      const auto path = joined(folder, entry.name);
      MIX_TRY(const auto status, stat_at(fd.get(), entry.name));
      if (status && status->kind == FileKind::directory) {
        MIX_TRY(const bool empty, will_be_empty(path));
        if (!empty) return false;
      } else if (removed_.count(path) == 0) {
        return false;
      }
    }
    cleared_folders_.insert(folder);
    return true;
  }

  // Beside the targets, unseen.

  Result<void> stage_all() {
    std::string names;
    for (auto& plan : plans_) {
      if (plan.done && !plan.file.before) continue;
      std::string folder(folder_of(plan.file.path));
      if (!plan.done) {
        MIX_TRY(folder, nearest_folder(plan.file.path));
      }
      plan.staged = joined(folder, staged_name(plan.file));
      names += plan.staged + '\0';
    }
    // For the next start, in case that this process does not live to remove them.
    MIX_OK(write_quickly(list_, names));
    for (const auto& plan : plans_) {
      if (!plan.done) MIX_OK(stage(plan, std::string(folder_of(plan.staged))));
    }
    return {};
  }

  // The closest folder above that is there and stays a folder.
  Result<std::string> nearest_folder(const std::string& path) const {
    for (std::string folder(folder_of(path));; folder = std::string(folder_of(folder))) {
      const auto opened = open_beneath(root_, folder, Access::folder, Links::refuse);
      const bool stays = cleared_folders_.count(folder) == 0;
      if (opened && stays) return folder;
      if (folder.empty()) return fail(opened.error());
    }
  }

  Result<void> stage(const Plan& plan, const std::string& folder) const {
    MIX_TRY(const Fd holder, open_beneath(root_, folder, Access::folder, Links::refuse));
    const auto name = staged_name(plan.file);
    (void)remove_file_at(holder.get(), name);
    if (!plan.file.after) return check_changeable(holder.get(), plan.file.path);
    if (plan.file.after->mode == FileMode::symlink) {
      MIX_TRY(const auto target, store_.get(plan.file.after->blob));
      MIX_OK(create_link_at(holder.get(), name, target));
      return own_like(holder.get(), name, plan);
    }
    const bool executable = plan.file.after->mode == FileMode::executable;
    // Created with the user's own umask, as an editor would.
    auto to = create_at(holder.get(), name, executable ? 0777 : 0666);
    if (!to) return fail(to.error().code, to.error().what, plan.file.path, to.error().hint);
    MIX_TRY(const Fd from, store_.open(plan.file.after->blob, plan.file.after->size));
    MIX_OK(copy_bytes(from.get(), to->get(), plan.file.path));
    MIX_OK(own_like(holder.get(), name, plan));
    if (plan.now && plan.now->kind == FileKind::regular) {
      const unsigned readable = plan.now->mode & 0444;
      const unsigned mode = executable ? plan.now->mode | (readable >> 2) : plan.now->mode & ~0111u;
      MIX_OK(set_mode(to->get(), mode, plan.file.path));
    }
    return sync_file(to->get(), plan.file.path);
  }

  // Root working on somebody's tree: files stay theirs.
  Result<void> own_like(int folder, const std::string& name, const Plan& plan) const {
    if (!is_root()) return {};
    MIX_TRY(const auto around, stat_of(folder, plan.file.path));
    const auto& like = plan.now ? *plan.now : around;
    return give_at(folder, name, Owner{like.uid, like.gid});
  }

  // Temporary files; after the switch they hold what was displaced.
  void clear_staged() const {
    for (const auto& plan : plans_) {
      if (plan.staged.empty()) continue;
      const auto holder = folder_of_target(plan.staged);
      if (holder) (void)remove_file_at(holder->get(), std::string(last_name_of(plan.staged)));
    }
    (void)remove_tree(list_);
  }

  // Folders that a removal left without anything, as git does. Only now: they held the displaced
  // files.
  void drop_emptied_folders() const {
    std::set<std::string> emptied;
    for (const auto& plan : plans_) {
      if (!plan.file.after) add_folders_above(plan.file.path, emptied);
    }
    for (auto it = emptied.rbegin(); it != emptied.rend(); ++it) {
      const auto holder = folder_of_target(*it);
      if (holder) remove_empty_folder_at(holder->get(), std::string(last_name_of(*it)));
    }
  }

  std::vector<SwitchStep> steps() const {
    using Kind = SwitchStep::Kind;
    std::vector<SwitchStep> steps;
    std::set<std::string> needed;
    for (const auto& plan : plans_) {
      const auto& path = plan.file.path;
      if (plan.done) continue;
      if (plan.now && plan.file.after) continue;
      if (plan.now) steps.push_back({Kind::take_away, path, plan.staged, plan.now, 0});
      if (plan.file.after) add_folders_above(path, needed);
    }
    for (auto it = cleared_folders_.rbegin(); it != cleared_folders_.rend(); ++it) {
      steps.push_back({Kind::drop_folder, *it, {}, {}, 0777});
    }
    for (const auto& folder : needed) {
      if (open_beneath(root_, folder, Access::folder, Links::refuse)) continue;
      steps.push_back({Kind::make_folder, folder, {}, {}, 0777});
    }
    for (const auto& plan : plans_) {
      if (plan.done || !plan.file.after) continue;
      const auto kind = plan.now ? Kind::replace : Kind::put;
      steps.push_back({kind, plan.file.path, plan.staged, plan.now, 0});
    }
    return steps;
  }

  static void add_folders_above(const std::string& path, std::set<std::string>& folders) {
    for (auto folder = folder_of(path); !folder.empty(); folder = folder_of(folder))
      folders.emplace(folder);
  }

  int root_;
  const Store& store_;
  const std::filesystem::path list_;  // of our temporary files
  std::vector<Plan> plans_;
  std::set<std::string> removed_, put_;    // paths that held a file before, that will hold one
  std::set<std::string> cleared_folders_;  // folders that give way to a file
  Delivery delivery_;
};

}  // namespace

Result<Delivery> deliver_change(const std::filesystem::path& repository, const Change& change,
                                const Store& store,
                                const std::function<Result<void>()>& before_rename,
                                const std::filesystem::path& list) {
  MIX_TRY(const Fd root, open_directory(repository));
  return Delivering(root.get(), change, store, list).deliver(before_rename);
}

void clear_leftovers(const std::filesystem::path& repository, const std::filesystem::path& list) {
  const auto names = read_file(list);
  const auto root = open_directory(repository);
  if (!names || !root) return;
  for (const auto& path : split(*names, '\0')) {
    const std::string name(last_name_of(path));
    if (name.rfind(".mixagent-", 0) != 0) continue;
    const auto folder =
        open_beneath(root->get(), std::string(folder_of(path)), Access::folder, Links::refuse);
    if (folder) (void)remove_file_at(folder->get(), name);
  }
  (void)remove_tree(list);
}

}  // namespace mixagent
