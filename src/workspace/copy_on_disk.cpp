#include "workspace/copy_on_disk.h"

#include "base/text.h"
#include "system/beneath.h"
#include "workspace/names.h"

#include <algorithm>

namespace mixagent {
namespace {

constexpr const char* carried_suffix = "-carried";

unsigned mode_bits(FileMode mode) {
  return mode == FileMode::executable ? 0755 : 0644;
}

Result<Fd> put_bytes(const CopyGround& ground, int folder, const std::string& name,
                     const std::string& path, const TreeEntry& entry) {
  if (ground.shared && ground.store.share(entry.blob, entry.size, folder, name))
    return open_beneath(folder, name, Access::read, Links::refuse);
  MIX_TRY(const Fd from, ground.store.open(entry.blob, entry.size));
  MIX_TRY(Fd to, create_at(folder, name, mode_bits(entry.mode)));
  MIX_OK(copy_bytes(from.get(), to.get(), path));
  return to;
}

}  // namespace

Result<KnownFile> write_entry(const CopyGround& ground, int folder, const std::string& name,
                              const std::string& path, const TreeEntry& entry) {
  KnownFile file;
  file.entry = entry;
  if (entry.mode == FileMode::symlink) {
    MIX_TRY(const auto target, ground.store.get(entry.blob));
    MIX_OK(create_link_at(folder, name, target));
    MIX_OK(give_at(folder, name, ground.owner));
    MIX_TRY(const auto status, stat_at(folder, name));
    if (status) file.status = *status;
    return file;
  }
  MIX_TRY(const Fd to, put_bytes(ground, folder, name, path, entry));
  MIX_OK(set_mode(to.get(), mode_bits(entry.mode), path));  // whatever the umask says
  MIX_OK(give(to.get(), ground.owner, path));
  if (const auto modified = ground.times.modified_ns(path, entry.blob))
    MIX_OK(set_modified(to.get(), *modified, path));
  MIX_TRY(file.status, stat_of(to.get(), path));
  return file;
}

CopyOnDisk::CopyOnDisk(const CopyGround& ground, std::filesystem::path directory, Fd root)
    : ground_(ground),
      directory_(std::move(directory)),
      root_(std::move(root)),
      trust_times_(times_are_reliable(root_.get())) {}

CopyOnDisk::~CopyOnDisk() {
  root_.reset();
  (void)remove_tree(directory_);
}

Result<std::unique_ptr<CopyOnDisk>> CopyOnDisk::create(const CopyGround& ground,
                                                       const std::filesystem::path& directory) {
  MIX_OK(make_directories(directory));
  MIX_TRY(Fd root, open_directory(directory));
  MIX_OK(give(root.get(), ground.owner, directory.string()));
  return std::unique_ptr<CopyOnDisk>(new CopyOnDisk(ground, directory, std::move(root)));
}

Result<void> CopyOnDisk::make_equal(const Tree& tree) {
  MIX_OK(set_mode(root_.get(), 0700, directory_.string()));
  MIX_OK(remove_all_but(tree));
  MIX_OK(write_missing(tree));
  MIX_OK(ground_.git.write_into(root_.get(), ground_.owner));
  for (const auto& folder : ground_.carried) {
    const auto now = fingerprint(root_.get(), folder);
    if (!now.empty() && now == carried_as_[folder].copy) continue;
    MIX_OK(remove_tree_at(root_.get(), folder, folder));
    MIX_OK(carry(folder));
  }
  return {};
}

// Everything of `tree` that is not known to be there already.
Result<void> CopyOnDisk::write_missing(const Tree& tree) {
  std::string folder_name;
  Fd folder;
  std::vector<std::string> written;
  for (const auto& [path, entry] : tree) {
    if (known_.count(path) != 0) continue;
    const std::string parent(folder_of(path));
    if (!folder || parent != folder_name) {
      MIX_TRY(folder, make_directories_beneath(root_.get(), parent, 0755, ground_.owner));
      folder_name = parent;
    }
    MIX_TRY(known_[path],
            write_entry(ground_, folder.get(), std::string(last_name_of(path)), path, entry));
    written.push_back(path);
  }
  // Only what was written in the kernel's present tick could still change unseen.
  const auto now = coarse_now_ns();
  for (const auto& path : written) known_[path].settled = known_[path].status.ctime_ns < now;
  return {};
}

Result<void> CopyOnDisk::carry(const std::string& folder) {
  MIX_TRY(const Fd repository, open_directory(ground_.repository));
  auto from = fingerprint(repository.get(), folder);
  MIX_OK(copy_carried(repository.get(), folder, root_.get(), ground_.owner));
  carried_as_[folder] = {std::move(from), fingerprint(root_.get(), folder)};
  return {};
}

// Leaves only files that are exactly as `tree` wants them, and carried folders; `known_` says
// which.
Result<void> CopyOnDisk::remove_all_but(const Tree& tree) {
  KnownFiles kept;
  MIX_OK(remove_in(root_.get(), "", tree, kept));
  known_ = std::move(kept);
  return {};
}

Result<void> CopyOnDisk::remove_in(int folder, const std::string& prefix, const Tree& tree,
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
    } else if (auto known = status ? as_wanted(path, *status, tree) : std::nullopt) {
      kept[path] = *std::move(known);
    } else {
      MIX_OK(remove_tree_at(folder, entry.name, path));
    }
  }
  return {};
}

std::optional<KnownFile> CopyOnDisk::as_wanted(const std::string& path, const FileStat& status,
                                               const Tree& tree) const {
  const auto wanted = tree.find(path);
  if (!trust_times_ || wanted == tree.end()) return std::nullopt;
  if (status.kind != FileKind::symlink && status.mode != mode_bits(wanted->second.mode))
    return std::nullopt;
  if (const auto known = known_.find(path); known != known_.end()) {
    const bool same = known->second.settled && known->second.entry == wanted->second &&
                      known->second.status == status;
    return same ? std::optional(known->second) : std::nullopt;
  }
  // The user's file may have been touched since then, which build tools go by.
  const auto modified = ground_.times.modified_ns(path, wanted->second.blob);
  const bool same = recalled_.find(path, status) == wanted->second &&
                    (status.kind == FileKind::symlink || !modified || modified == status.mtime_ns);
  return same ? std::optional(KnownFile{status, wanted->second, true}) : std::nullopt;
}

// Nothing is synced: after a power cut sizes or times differ from what is written here, and such
// files are written again.
Result<void> CopyOnDisk::remember(const std::filesystem::path& file) const {
  StatCache seen;
  const auto now = coarse_now_ns();
  for (const auto& [path, known] : known_) seen.remember(path, known.status, known.entry, now);
  MIX_OK(seen.save(file));
  std::string carried;
  for (const auto& [folder, as] : carried_as_)
    carried += as.from + ' ' + as.copy + ' ' + folder + '\0';
  return write_quickly(file.string() + carried_suffix, carried);
}

void CopyOnDisk::recall(const std::filesystem::path& file) {
  recalled_ = StatCache::load(file);
  const auto text = read_file(file.string() + carried_suffix);
  const auto repository = open_directory(ground_.repository);
  if (!text || !repository) return;
  for (const auto& record : split(*text, '\0')) {
    const auto parts = split(record, ' ');
    if (record.size() <= 2 * 65) continue;
    const std::string folder(record.substr(2 * 65));
    if (fingerprint(repository->get(), folder) == parts[0])
      carried_as_[folder] = {std::string(parts[0]), std::string(parts[1])};
  }
}

bool CopyOnDisk::is_carried(const std::string& path) const {
  return std::find(ground_.carried.begin(), ground_.carried.end(), path) != ground_.carried.end();
}
bool CopyOnDisk::holds_carried(const std::string& folder) const {
  return std::any_of(ground_.carried.begin(), ground_.carried.end(),
                     [&](const std::string& carried) {
                       return carried.compare(0, folder.size() + 1, folder + "/") == 0;
                     });
}

CopyPool::CopyPool(CopyGround ground, std::filesystem::path folder)
    : ground_(std::move(ground)), folder_(std::move(folder)) {}

Result<std::unique_ptr<CopyOnDisk>> CopyPool::take(const Tree& tree) {
  std::unique_ptr<CopyOnDisk> copy;
  int number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!parked_.empty()) {
      copy = std::move(parked_.back());
      parked_.pop_back();
    }
    number = ++made_;
  }
  // A used copy that cannot be made equal is no reason to fail: a fresh one can.
  if (copy && copy->make_equal(tree)) return copy;
  MIX_TRY(copy, CopyOnDisk::create(ground_, folder_ / std::to_string(number)));
  MIX_OK(copy->make_equal(tree));
  return copy;
}

void CopyPool::give_back(std::unique_ptr<CopyOnDisk> copy) {
  const std::lock_guard lock(mutex_);
  if (parked_.size() < most_parked) parked_.push_back(std::move(copy));
}

}  // namespace mixagent
