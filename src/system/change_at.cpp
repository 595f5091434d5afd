#include "system/change_at.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mixagent {
namespace {

// Removes one folder's contents and then itself. Deeper than `max_depth`, sub-folders are first
// moved up beside the top, so that neither descriptors nor the stack grow with the depth of the
// tree.
class TreeRemoval {
 public:
  TreeRemoval(int top, std::string shown) : top_(top), shown_(std::move(shown)) {
    static std::atomic<unsigned> serial{0};
    prefix_ = ".removed-" + std::to_string(::getpid()) + "-" + std::to_string(serial++) + "-";
  }

  Result<void> remove(int folder, const std::string& name, int depth) {
    if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return {};
    if (errno != EISDIR && errno != EPERM && errno != EACCES) return error("cannot remove");
    auto opened = open_stubborn(folder, name, Access::folder);
    if (!opened) return fail(std::move(opened).error());
    MIX_OK(empty(*opened, depth));
    if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
      return error("cannot remove the folder");
    }
    return {};
  }

  Result<void> remove_moved() {
    for (; done_ < moved_; ++done_) MIX_OK(remove(top_, moved_name(done_), 0));
    return {};
  }

 private:
  static constexpr int max_depth = 64;

  Result<void> empty(const Fd& folder, int depth) {
    ::fchmod(folder.get(), 0700);
    MIX_TRY(const auto entries, entries_of(folder.get(), shown_));
    for (const auto& entry : entries) {
      if (depth >= max_depth && entry.kind == FileKind::directory &&
          ::renameat(folder.get(), entry.name.c_str(), top_, moved_name(moved_).c_str()) == 0) {
        ++moved_;
        continue;
      }
      MIX_OK(remove(folder.get(), entry.name, depth + 1));
    }
    return {};
  }

  std::string moved_name(std::size_t number) const { return prefix_ + std::to_string(number); }
  tl::unexpected<Error> error(const char* what) const {
    return fail(io_error(errno, what, shown_));
  }

  int top_;
  std::string shown_, prefix_;
  std::size_t moved_ = 0, done_ = 0;
};

bool copy_in_kernel(int from, int to, std::int64_t size) {
  std::int64_t copied = 0;
  while (copied < size) {
    const ssize_t put =
        ::copy_file_range(from, nullptr, to, nullptr, static_cast<std::size_t>(size - copied), 0);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    copied += put;
  }
  return true;
}

// For calls that report by 0 and errno.
Result<void> done(int status, const char* what, const std::string& name) {
  if (status == 0) return {};
  return fail(io_error(errno, what, name));
}

}  // namespace

bool is_root() {
  return ::geteuid() == 0;
}

bool is_own(const std::filesystem::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && status.st_uid == ::geteuid();
}

Result<Fd> create_at(int folder, const std::string& name, unsigned mode) {
  const int fd =
      ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return fail(io_error(errno, "cannot create the file", name));
  return Fd(fd);
}

bool share_file_at(const std::filesystem::path& file, int folder, const std::string& name) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1 ||
      status.st_uid != ::geteuid())
    return false;
  if (::linkat(AT_FDCWD, file.c_str(), folder, name.c_str(), 0) != 0) return false;
  // Another process may have had the same thought.
  const bool ours =
      ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_nlink == 2;
  if (!ours) ::unlinkat(folder, name.c_str(), 0);
  return ours;
}

Result<void> create_link_at(int folder, const std::string& name, const std::string& target) {
  return done(::symlinkat(target.c_str(), folder, name.c_str()), "cannot create the link", name);
}

Result<void> set_mode(int fd, unsigned mode, const std::string& name) {
  return done(::fchmod(fd, mode), "cannot set permissions", name);
}

Result<void> set_modified(int fd, std::int64_t mtime_ns, const std::string& name) {
  constexpr std::int64_t second = 1'000'000'000;
  const std::array<timespec, 2> times = {timespec{0, UTIME_OMIT},
                                         timespec{mtime_ns / second, mtime_ns % second}};
  return done(::futimens(fd, times.data()), "cannot set the time", name);
}

Result<void> empty_file(int fd, const std::string& name) {
  return done(::ftruncate(fd, 0), "cannot empty the file", name);
}

Result<void> sync_file(int fd, const std::string& name) {
  return done(::fsync(fd), "cannot sync", name);
}

Result<void> give(int fd, const std::optional<Owner>& owner, const std::string& name) {
  if (!owner) return {};
  return done(::fchown(fd, owner->uid, owner->gid), "cannot change the owner", name);
}

Result<void> give_at(int folder, const std::string& name, const std::optional<Owner>& owner) {
  if (!owner) return {};
  return done(::fchownat(folder, name.c_str(), owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW),
              "cannot change the owner", name);
}

Result<Fd> make_directories_beneath(int folder, const std::string& path, unsigned mode,
                                    const std::optional<Owner>& owner) {
  Fd at(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!at) return fail(io_error(errno, "cannot open the folder", path));
  std::size_t begin = 0;
  while (begin < path.size()) {
    auto end = path.find('/', begin);
    if (end == std::string::npos) end = path.size();
    const auto component = path.substr(begin, end - begin);
    begin = end + 1;
    if (component.empty() || component == ".") continue;
    if (component == "..") return fail(ErrorCode::denied, "leads out of the folder", path);
    const bool created = ::mkdirat(at.get(), component.c_str(), mode) == 0;
    if (!created && errno != EEXIST) return fail(io_error(errno, "cannot create the folder", path));
    const int next =
        ::openat(at.get(), component.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) return fail(io_error(errno, "cannot open the folder", path));
    at = Fd(next);
    if (created) MIX_OK(give(next, owner, path));
  }
  return at;
}

Result<void> copy_bytes(int from, int to, const std::string& name) {
  MIX_TRY(const auto source, stat_of(from, name));
  constexpr std::int64_t not_worth_sharing = 16384;
  if (source.size > not_worth_sharing) {
    if (::ioctl(to, FICLONE, from) == 0) return {};
    if (copy_in_kernel(from, to, source.size)) return {};
    if (::lseek(from, 0, SEEK_SET) < 0 || ::lseek(to, 0, SEEK_SET) < 0 || ::ftruncate(to, 0) != 0) {
      return fail(io_error(errno, "cannot copy", name));
    }
  }
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(io_error(errno, "cannot read", name));
    if (got == 0) return {};
    MIX_OK(write_all(to, {buffer.data(), static_cast<std::size_t>(got)}, name));
  }
}

Result<void> check_changeable(int folder, const std::string& shown) {
  return done(::faccessat(folder, ".", W_OK | X_OK, AT_EACCESS),
              "cannot change files in this folder", shown);
}

Result<void> remove_file_at(int folder, const std::string& name) {
  if (::unlinkat(folder, name.c_str(), 0) == 0) return {};
  if (errno == EISDIR) return fail(ErrorCode::denied, "a folder, not a file", name);
  return fail(io_error(errno, "cannot remove", name));
}

void remove_empty_folder_at(int folder, const std::string& name) {
  (void)::unlinkat(folder, name.c_str(), AT_REMOVEDIR);
}

Result<void> remove_tree_at(int folder, const std::string& name, const std::string& shown) {
  TreeRemoval removal(folder, shown);
  MIX_OK(removal.remove(folder, name, 0));
  return removal.remove_moved();
}

}  // namespace mixagent
