#include "workspace/step_copy.h"

#include "system/change_at.h"
#include "workspace/names.h"

#include <algorithm>
namespace mixagent {
namespace {

constexpr std::size_t largest_read = 64 << 20;

unsigned mode_bits(FileMode mode) {
  return mode == FileMode::executable ? 0755 : 0644;
}

class StepCopy final : public Workspace {
 public:
  StepCopy(std::shared_ptr<const CopyGround> ground, std::filesystem::path directory, Fd root)
      : ground_(std::move(ground)),
        directory_(std::move(directory)),
        root_(std::move(root)),
        trust_times_(times_are_reliable(root_.get())) {}

  ~StepCopy() override {
    root_.reset();
    (void)remove_tree(directory_);
  }

  Result<void> fill(const Tree& tree) {
    MIX_OK(give(root_.get(), ground_->owner, directory_.string()));
    base_ = tree;
    MIX_OK(read_ignore_rules());
    MIX_OK(write_missing(tree));
    MIX_OK(ground_->git.write_into(root_.get(), ground_->owner));
    for (const auto& folder : ground_->carried) MIX_OK(carry(folder));
    return {};
  }

  std::filesystem::path directory() const override { return directory_; }

  Result<std::string> read(const std::string& path) override {
    MIX_TRY(const auto inside, path_inside(path));
    MIX_TRY(const Fd fd, open_inside(inside, Access::read));
    return read_all(fd.get(), path, largest_read);
  }

  Result<void> write(const std::string& path, std::string_view bytes) override {
    MIX_TRY(const auto inside, path_inside(path));
    if (inside.empty())
      return fail(ErrorCode::denied, "this is the repository itself, not a file", path);
    auto fd = open_inside(inside, Access::write);
    const bool created = !fd && fd.error().code == ErrorCode::not_found;
    if (created) fd = create_inside(inside);
    if (!fd) return fail(std::move(fd).error());
    MIX_OK(empty_file(fd->get(), path));
    return write_all(fd->get(), bytes, path);
  }

  Result<void> remove(const std::string& path) override {
    MIX_TRY(const auto inside, path_inside(path));
    MIX_TRY(const Fd folder, folder_inside(inside));
    const std::string name(last_name_of(inside));
    auto removed = remove_file_at(folder.get(), name);
    if (!removed && removed.error().code == ErrorCode::not_found)
      return fail(ErrorCode::not_found, "no such file", path);
    return removed;
  }

  Result<std::vector<std::string>> list() override {
    std::vector<std::string> paths;
    const WalkVisitor visitor = {[&](const WalkedFile& file) -> Result<bool> {
                                   paths.push_back(file.path);
                                   return true;
                                 },
                                 [](const std::string&, const std::string&) {}};
    MIX_OK(walk_copy(root_.get(), rules(), visitor));
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  Result<Collected> collect() override {
    return collect_copy(root_.get(), rules(), known_, ground_->store, trust_times_);
  }

  Result<void> reset(const Tree& tree) override {
    MIX_OK(remove_all_but(tree));
    MIX_OK(write_missing(tree));
    MIX_OK(ground_->git.write_into(root_.get(), ground_->owner));
    for (const auto& folder : ground_->carried) {
      if (fingerprint(root_.get(), folder) == carried_as_[folder]) continue;
      MIX_OK(remove_tree_at(root_.get(), folder, folder));
      MIX_OK(carry(folder));
    }
    return {};
  }

 private:
  WalkRules rules() const { return {base_, ignore_, ground_->carried}; }

  Result<Fd> open_inside(const std::string& path, Access access) const {
    auto fd = open_beneath(root_.get(), path, access, Links::follow_inside);
    if (!fd && fd.error().code == ErrorCode::denied) {
      return fail(ErrorCode::denied, "leads through a link out of the repository", path);
    }
    if (!fd && fd.error().code == ErrorCode::not_found)
      return fail(ErrorCode::not_found, "no such file", path);
    if (!fd) return fd;
    MIX_TRY(const auto status, stat_of(fd->get(), path));
    if (status.kind == FileKind::directory)
      return fail(ErrorCode::denied, "a folder, not a file", path);
    if (status.kind != FileKind::regular)
      return fail(ErrorCode::denied, "not a regular file", path);
    return fd;
  }

  // The folder that holds `path`, which must be there; links on the way are followed while they
  // stay inside.
  Result<Fd> folder_inside(const std::string& path) const {
    const std::string folder(folder_of(path));
    auto fd = open_beneath(root_.get(), folder, Access::folder, Links::follow_inside);
    if (!fd && fd.error().code == ErrorCode::not_found)
      return fail(ErrorCode::not_found, "no such file", path);
    return fd;
  }

  Result<Fd> create_inside(const std::string& path) const {
    const auto& owner = ground_->owner;
    MIX_TRY(const Fd folder,
            make_directories_beneath(root_.get(), std::string(folder_of(path)), 0755, owner));
    MIX_TRY(Fd fd, create_at(folder.get(), std::string(last_name_of(path)), 0644));
    MIX_OK(set_mode(fd.get(), 0644, path));
    MIX_OK(give(fd.get(), owner, path));
    return fd;
  }

  Result<void> read_ignore_rules() {
    ignore_ = IgnoreRules();
    for (const auto& text : ground_->fallback_ignores) ignore_.add_fallback(text);
    for (const auto& [path, entry] : base_) {
      if (last_name_of(path) != ".gitignore" || entry.mode == FileMode::symlink) continue;
      MIX_TRY(const auto text, ground_->store.get(entry.blob));
      ignore_.add(std::string(folder_of(path)), text);
    }
    return {};
  }

  // Everything of `tree` that is not known to be there already.
  Result<void> write_missing(const Tree& tree) {
    std::string folder_name;
    Fd folder;
    std::vector<std::string> written;
    for (const auto& [path, entry] : tree) {
      if (known_.count(path) != 0) continue;
      const std::string parent(folder_of(path));
      if (!folder || parent != folder_name) {
        MIX_TRY(folder, make_directories_beneath(root_.get(), parent, 0755, ground_->owner));
        folder_name = parent;
      }
      MIX_TRY(known_[path],
              write_entry(folder.get(), std::string(last_name_of(path)), path, entry));
      written.push_back(path);
    }
    // Only what was written in the kernel's present tick could still change unseen.
    const auto now = coarse_now_ns();
    for (const auto& path : written) known_[path].settled = known_[path].status.ctime_ns < now;
    return {};
  }

  Result<KnownFile> write_entry(int folder, const std::string& name, const std::string& path,
                                const TreeEntry& entry) {
    KnownFile file;
    file.entry = entry;
    if (entry.mode == FileMode::symlink) {
      MIX_TRY(const auto target, ground_->store.get(entry.blob));
      MIX_OK(create_link_at(folder, name, target));
      MIX_OK(give_at(folder, name, ground_->owner));
      MIX_TRY(const auto status, stat_at(folder, name));
      if (status) file.status = *status;
      return file;
    }
    MIX_TRY(const Fd from, ground_->store.open(entry.blob, entry.size));
    MIX_TRY(const Fd to, create_at(folder, name, mode_bits(entry.mode)));
    MIX_OK(copy_bytes(from.get(), to.get(), path));
    MIX_OK(set_mode(to.get(), mode_bits(entry.mode), path));  // whatever the umask says
    MIX_OK(give(to.get(), ground_->owner, path));
    MIX_TRY(file.status, stat_of(to.get(), path));
    return file;
  }

  Result<void> carry(const std::string& folder) {
    MIX_TRY(const Fd repository, open_directory(ground_->repository));
    MIX_OK(copy_carried(repository.get(), folder, root_.get(), ground_->owner));
    carried_as_[folder] = fingerprint(root_.get(), folder);
    return {};
  }

  // Leaves only files that are exactly as `tree` wants them, and carried folders; `known_` says
  // which.
  Result<void> remove_all_but(const Tree& tree) {
    KnownFiles kept;
    MIX_OK(remove_in(root_.get(), "", tree, kept));
    known_ = std::move(kept);
    return {};
  }

  Result<void> remove_in(int folder, const std::string& prefix, const Tree& tree,
                         KnownFiles& kept) {
    MIX_TRY(const auto entries, entries_of(folder, prefix));
    for (const auto& entry : entries) {
      const auto path = prefix.empty() ? entry.name : prefix + "/" + entry.name;
      if (is_carried(path)) continue;
      MIX_TRY(const auto status, stat_at(folder, entry.name));
      const bool is_folder = status && status->kind == FileKind::directory;
      if (is_folder && path != ".git" && (tree_has_folder(tree, path) || holds_carried(path))) {
        MIX_TRY(const Fd inner, open_stubborn(folder, entry.name, Access::folder));
        MIX_OK(set_mode(inner.get(), 0755, path));
        MIX_OK(remove_in(inner.get(), path, tree, kept));
      } else if (status && is_as_wanted(path, *status, tree)) {
        kept[path] = known_[path];
      } else {
        MIX_OK(remove_tree_at(folder, entry.name, path));
      }
    }
    return {};
  }

  bool is_as_wanted(const std::string& path, const FileStat& status, const Tree& tree) const {
    const auto wanted = tree.find(path);
    const auto known = known_.find(path);
    return trust_times_ && wanted != tree.end() && known != known_.end() && known->second.settled &&
           known->second.entry == wanted->second && known->second.status == status &&
           (status.kind == FileKind::symlink || status.mode == mode_bits(wanted->second.mode));
  }

  bool is_carried(const std::string& path) const {
    return std::find(ground_->carried.begin(), ground_->carried.end(), path) !=
           ground_->carried.end();
  }
  bool holds_carried(const std::string& folder) const {
    return std::any_of(ground_->carried.begin(), ground_->carried.end(),
                       [&](const std::string& carried) {
                         return carried.compare(0, folder.size() + 1, folder + "/") == 0;
                       });
  }

  const std::shared_ptr<const CopyGround> ground_;
  const std::filesystem::path directory_;
  Fd root_;
  const bool trust_times_;
  Tree base_;  // what it was opened with: collect compares with this, also after a reset
  IgnoreRules ignore_;
  KnownFiles known_;
  std::map<std::string, std::string> carried_as_;  // fingerprints
};

}  // namespace

Result<std::unique_ptr<Workspace>> make_step_copy(std::shared_ptr<const CopyGround> ground,
                                                  const std::filesystem::path& directory,
                                                  const Tree& tree) {
  MIX_OK(make_directories(directory));
  MIX_TRY(Fd root, open_directory(directory));
  auto copy = std::make_unique<StepCopy>(std::move(ground), directory, std::move(root));
  MIX_OK(copy->fill(tree));
  return std::unique_ptr<Workspace>(std::move(copy));
}

}  // namespace mixagent
