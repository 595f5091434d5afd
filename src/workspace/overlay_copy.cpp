#include "workspace/overlay_copy.h"

#include "system/overlay_files.h"
#include "workspace/layers.h"
#include "workspace/names.h"
#include "workspace/read_ignores.h"

#include <algorithm>
#include <set>

namespace mixagent {
namespace {

constexpr std::size_t largest_read = 64 << 20;

class OverlayCopy final : public Workspace {
 public:
  OverlayCopy(std::shared_ptr<OverlayBase> base, Tree tree)
      : base_(std::move(base)), opened_(std::move(tree)), folder_(base_->next_folder()) {
    carried_ = ground().carried;
    carried_.insert(carried_.end(), ground().live.begin(), ground().live.end());
  }
  ~OverlayCopy() override {
    layers_.reset();
    (void)remove_tree(folder_);
  }

  Result<void> open() {
    MIX_TRY(ignore_, read_ignore_rules(opened_, ground().fallback_ignores, ground().store));
    return reset(opened_);
  }

  std::filesystem::path directory() const override { return folder_ / "merged"; }

  std::vector<Overlay> overlays() const override {
    std::vector<Overlay> all = {{"", base_->lower(), folder_}};
    for (std::size_t i = 0; i < ground().live.size(); ++i)
      all.push_back({ground().live[i], ground().repository / ground().live[i], scratch_of(i)});
    return all;
  }

  Result<std::string> read(const std::string& path) override {
    MIX_TRY(const auto inside, path_inside(path));
    MIX_TRY(const auto resolved, layers_->resolve(inside, true));
    MIX_TRY(const auto found, layers_->find(resolved));
    if (!found) return fail(ErrorCode::not_found, "no such file", path);
    if (found->status.kind == FileKind::directory)
      return fail(ErrorCode::denied, "a folder, not a file", path);
    if (found->status.kind != FileKind::regular)
      return fail(ErrorCode::denied, "not a regular file", path);
    MIX_TRY(const Fd fd, open_stubborn(found->folder.get(), found->name, Access::read));
    return read_all(fd.get(), path, largest_read);
  }

  Result<void> write(const std::string& path, std::string_view bytes) override {
    MIX_TRY(const auto inside, path_inside(path));
    if (inside.empty())
      return fail(ErrorCode::denied, "this is the repository itself, not a file", path);
    MIX_TRY(const auto resolved, resolve_new(inside));
    if (resolved.empty() || resolved == ".git" || resolved.compare(0, 5, ".git/") == 0)
      return fail(ErrorCode::denied, "leads into .git", path);
    MIX_TRY(const Fd fd, layers_->open_emptied(resolved, 0644));
    return write_all(fd.get(), bytes, path);
  }

  Result<void> remove(const std::string& path) override {
    MIX_TRY(const auto inside, path_inside(path));
    MIX_TRY(const auto resolved, layers_->resolve(inside, false));
    return layers_->remove(resolved);
  }

  Result<std::vector<std::string>> list() override {
    Tree shown = base_->tree();
    WalkVisitor visitor = {[&](const WalkedFile& file) -> Result<bool> {
                             shown[file.path] = {};
                             return true;
                           },
                           [](const std::string&, const std::string&) {}};
    visitor.hidden = [&](const std::string& path, bool all) { hide_in(shown, path, all); };
    MIX_OK(walk_copy(upper_.get(), rules(), visitor));
    std::vector<std::string> paths;
    for (const auto& [path, entry] : shown) paths.push_back(path);
    return paths;
  }

  Result<Collected> collect() override {
    return collect_copy(upper_.get(), rules(), known_, ground().store,
                        times_are_reliable(upper_.get()), {}, &base_->tree());
  }

  Result<void> reset(const Tree& tree) override {
    layers_.reset();
    upper_.reset();
    known_.clear();
    MIX_OK(remove_tree(folder_));
    MIX_OK(make_directories(folder_ / "merged"));
    std::vector<Layer> layers;
    MIX_OK(add_layer(layers, "", base_->lower(), folder_));
    for (std::size_t i = 0; i < ground().live.size(); ++i) {
      MIX_OK(add_layer(layers, ground().live[i], ground().repository / ground().live[i],
                       scratch_of(i)));
    }
    MIX_TRY(upper_, open_directory(folder_ / "upper"));
    layers_ = std::make_unique<Layers>(std::move(layers), ground().owner);
    return put_difference(difference(base_->tree(), tree), tree);
  }

 private:
  // Folders that are missing will be made below the last one that is there.
  Result<std::string> resolve_new(const std::string& path) const {
    auto resolved = layers_->resolve(path, true);
    if (resolved || resolved.error().code != ErrorCode::not_found || folder_of(path).empty())
      return resolved;
    MIX_TRY(const auto folder, resolve_new(std::string(folder_of(path))));
    MIX_TRY(const auto there, layers_->find(folder));
    if (there && there->status.kind != FileKind::directory)
      return fail(ErrorCode::denied, "lies below a file", path);
    return (folder.empty() ? "" : folder + "/") + std::string(last_name_of(path));
  }

  const CopyGround& ground() const { return base_->ground(); }
  WalkRules rules() const { return {opened_, ignore_, carried_}; }
  std::filesystem::path scratch_of(std::size_t live) const {
    return folder_ / ("live-" + std::to_string(live));
  }

  Result<void> add_layer(std::vector<Layer>& layers, const std::string& at,
                         const std::filesystem::path& lower,
                         const std::filesystem::path& scratch) const {
    Layer layer;
    layer.at = at;
    MIX_TRY(layer.upper, make_overlay_scratch(scratch, ground().owner));
    MIX_TRY(layer.lower, open_directory(lower));
    layers.push_back(std::move(layer));
    return {};
  }

  // What was removed first: a file may have become a folder, or the other way round.
  Result<void> put_difference(const Change& change, const Tree& tree) {
    std::set<std::string> gone;
    for (const auto& file : change.files) {
      if (!file.after) gone.insert(topmost_gone(file.path, tree));
    }
    for (const auto& path : gone) {
      if (tree.count(path) != 0 || tree_has_folder(tree, path)) continue;  // replaced below
      MIX_TRY(const Fd folder, layers_->upper_folder(std::string(folder_of(path))));
      MIX_OK(make_whiteout_at(folder.get(), std::string(last_name_of(path))));
    }
    for (const auto& file : change.files) {
      if (!file.after) continue;
      MIX_TRY(const Fd folder, layers_->upper_folder(std::string(folder_of(file.path))));
      MIX_TRY(known_[file.path],
              write_entry(ground(), folder.get(), std::string(last_name_of(file.path)), file.path,
                          *file.after));
    }
    return {};
  }

  // A folder that holds nothing any more goes as a whole.
  std::string topmost_gone(const std::string& path, const Tree& tree) const {
    std::string gone = path;
    for (auto folder = folder_of(path); !folder.empty(); folder = folder_of(folder)) {
      const std::string name(folder);
      if (tree_has_folder(tree, name) || holds_carried(name)) break;
      gone = name;
    }
    return gone;
  }
  bool holds_carried(const std::string& folder) const {
    return std::any_of(carried_.begin(), carried_.end(), [&](const std::string& path) {
      return path.compare(0, folder.size() + 1, folder + "/") == 0;
    });
  }

  const std::shared_ptr<OverlayBase> base_;
  const Tree opened_;  // collect compares with this, also after a reset
  const std::filesystem::path folder_;
  std::vector<std::string> carried_;
  IgnoreRules ignore_;
  Fd upper_;
  KnownFiles known_;
  std::unique_ptr<Layers> layers_;
};

}  // namespace

OverlayBase::OverlayBase(CopyGround ground, Tree tree, std::filesystem::path folder)
    : ground_(std::move(ground)),
      base_ground_(ground_),
      tree_(std::move(tree)),
      folder_(std::move(folder)) {
  base_ground_.owner.reset();
  base_ground_.shared = true;
}

Result<void> OverlayBase::write_at(const std::filesystem::path& place) {
  MIX_TRY(files_, CopyOnDisk::create(base_ground_, place / "files"));
  files_->recall(place / "seen");
  if (!files_->make_equal(tree_)) {  // what was left cannot be made equal: a fresh one can
    files_.reset();
    MIX_TRY(files_, CopyOnDisk::create(base_ground_, place / "files"));
    MIX_OK(files_->make_equal(tree_));
  }
  return files_->remember(place / "seen");
}

Result<std::shared_ptr<OverlayBase>> OverlayBase::make(CopyGround ground, const Tree& tree,
                                                       std::filesystem::path folder,
                                                       const std::filesystem::path& place) {
  auto base =
      std::shared_ptr<OverlayBase>(new OverlayBase(std::move(ground), tree, std::move(folder)));
  MIX_OK(base->write_at(place));
  MIX_TRY(const Fd repository, open_directory(base->ground_.repository));
  for (const auto& path : base->ground_.live) {
    MIX_OK(make_directories_beneath(base->files_->root(), path, 0755));
    base->live_as_[path] = fingerprint(repository.get(), path);
  }
  return base;
}

std::filesystem::path OverlayBase::next_folder() {
  const std::lock_guard lock(mutex_);
  return folder_ / std::to_string(++made_);
}

std::vector<std::string> OverlayBase::disturbed() const {
  std::vector<std::string> changed;
  const auto repository = open_directory(ground_.repository);
  for (const auto& [path, before] : live_as_) {
    if (!repository || fingerprint(repository->get(), path) != before) changed.push_back(path);
  }
  return changed;
}

Result<std::unique_ptr<Workspace>> open_overlay_copy(const std::shared_ptr<OverlayBase>& base,
                                                     const Tree& tree) {
  auto opened = std::make_unique<OverlayCopy>(base, tree);
  MIX_OK(opened->open());
  return std::unique_ptr<Workspace>(std::move(opened));
}

}  // namespace mixagent
