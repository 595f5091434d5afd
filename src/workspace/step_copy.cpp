#include "workspace/step_copy.h"

#include "system/change_at.h"
#include "workspace/names.h"
#include "workspace/read_ignores.h"

#include <algorithm>
namespace mixagent {
namespace {

constexpr std::size_t largest_read = 64 << 20;

class StepCopy final : public Workspace {
 public:
  StepCopy(std::shared_ptr<CopyPool> pool, std::unique_ptr<CopyOnDisk> copy, Tree tree)
      : pool_(std::move(pool)), copy_(std::move(copy)), base_(std::move(tree)) {}
  ~StepCopy() override { pool_->give_back(std::move(copy_)); }

  Result<void> open() {
    MIX_TRY(ignore_, read_ignore_rules(base_, ground().fallback_ignores, ground().store));
    return {};
  }

  std::filesystem::path directory() const override { return copy_->directory(); }

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
    MIX_OK(walk_copy(copy_->root(), rules(), visitor));
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  Result<Collected> collect() override {
    return collect_copy(copy_->root(), rules(), copy_->known(), ground().store,
                        copy_->trust_times());
  }

  Result<void> reset(const Tree& tree) override { return copy_->make_equal(tree); }

 private:
  const CopyGround& ground() const { return pool_->ground(); }
  WalkRules rules() const { return {base_, ignore_, ground().carried}; }

  Result<Fd> open_inside(const std::string& path, Access access) const {
    auto fd = open_beneath(copy_->root(), path, access, Links::follow_inside);
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
    auto fd = open_beneath(copy_->root(), folder, Access::folder, Links::follow_inside);
    if (!fd && fd.error().code == ErrorCode::not_found)
      return fail(ErrorCode::not_found, "no such file", path);
    return fd;
  }

  Result<Fd> create_inside(const std::string& path) const {
    const auto& owner = ground().owner;
    MIX_TRY(const Fd folder,
            make_directories_beneath(copy_->root(), std::string(folder_of(path)), 0755, owner));
    MIX_TRY(Fd fd, create_at(folder.get(), std::string(last_name_of(path)), 0644));
    MIX_OK(set_mode(fd.get(), 0644, path));
    MIX_OK(give(fd.get(), owner, path));
    return fd;
  }

  const std::shared_ptr<CopyPool> pool_;
  std::unique_ptr<CopyOnDisk> copy_;
  Tree base_;  // what it was opened with: collect compares with this, also after a reset
  IgnoreRules ignore_;
};

}  // namespace

Result<std::unique_ptr<Workspace>> open_step_copy(const std::shared_ptr<CopyPool>& pool,
                                                  const Tree& tree) {
  MIX_TRY(auto copy, pool->take(tree));
  auto opened = std::make_unique<StepCopy>(pool, std::move(copy), tree);
  MIX_OK(opened->open());
  return std::unique_ptr<Workspace>(std::move(opened));
}

}  // namespace mixagent
