#include "system/beneath.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mixagent {
namespace {

constexpr long tmpfs_magic = 0x01021994;
constexpr long ramfs_magic = 0x858458f6;

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::regular;
  if (S_ISDIR(mode)) return FileKind::directory;
  if (S_ISLNK(mode)) return FileKind::symlink;
  return FileKind::other;
}

FileStat from_stat(const struct stat& status) {
  FileStat result;
  result.kind = kind_of(status.st_mode);
  result.mode = status.st_mode & 07777;
  result.size = status.st_size;
  result.mtime_ns = nanoseconds(status.st_mtim);
  result.ctime_ns = nanoseconds(status.st_ctim);
  result.inode = status.st_ino;
  result.device = status.st_dev;
  result.uid = status.st_uid;
  result.gid = status.st_gid;
  return result;
}

tl::unexpected<Error> open_error(int error_number, const std::string& path) {
  if (error_number == EXDEV || error_number == ELOOP) {
    return fail(ErrorCode::denied, "leads through a link that is not followed here", path);
  }
  return fail(io_error(error_number, "cannot open", path));
}

int openat2_call(int folder, const std::string& path, int flags, unsigned mode,
                 std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(static_cast<unsigned>(flags));
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = resolve;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
  }
}

// For kernels and filters without openat2: one component at a time, no links at all.
int open_by_components(int folder, const std::string& path, int flags, unsigned mode) {
  Fd holder;
  int at = folder;
  std::size_t begin = 0;
  for (;;) {
    const auto slash = path.find('/', begin);
    const auto component = path.substr(begin, slash == std::string::npos ? slash : slash - begin);
    if (component == "..") {
      errno = EXDEV;
      return -1;
    }
    if (slash == std::string::npos) {
      return ::openat(at, component.c_str(), flags | O_NOFOLLOW, mode);
    }
    const int next = ::openat(at, component.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) return -1;
    holder = Fd(next);
    at = next;
    begin = slash + 1;
  }
}

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

FileKind kind_of_entry(unsigned char type) {
  switch (type) {
    case DT_REG:
      return FileKind::regular;
    case DT_DIR:
      return FileKind::directory;
    case DT_LNK:
      return FileKind::symlink;
    default:
      return FileKind::other;
  }
}

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
    auto opened = open_stubborn(folder, name, O_RDONLY | O_DIRECTORY);
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

}  // namespace

std::int64_t coarse_now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return nanoseconds(now);
}

bool times_are_reliable(int folder) {
  struct statfs status {};
  if (::fstatfs(folder, &status) != 0) return false;
  return status.f_type != tmpfs_magic && status.f_type != ramfs_magic;
}

Result<Fd> open_directory(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail(io_error(errno, "cannot open the folder", path.string()));
  return Fd(fd);
}

Result<Fd> open_beneath(int folder, const std::string& path, int flags, Links links,
                        unsigned mode) {
  flags |= O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  if ((flags & O_PATH) != 0) flags &= ~(O_NONBLOCK | O_NOCTTY);
  std::uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (links == Links::refuse) {
    resolve |= RESOLVE_NO_SYMLINKS;
    flags |= O_NOFOLLOW;
  }
  int fd = openat2_call(folder, path, flags, mode, resolve);
  if (fd < 0 && (errno == ENOSYS || errno == EPERM))
    fd = open_by_components(folder, path, flags, mode);
  if (fd < 0) return open_error(errno, path);
  return Fd(fd);
}

Result<std::optional<FileStat>> stat_at(int folder, const std::string& name) {
  struct stat status {};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<FileStat>();
    return fail(io_error(errno, "cannot stat", name));
  }
  return std::optional<FileStat>(from_stat(status));
}

Result<std::optional<FileStat>> stat_path(const std::filesystem::path& path) {
  return stat_at(AT_FDCWD, path.string());
}

Result<FileStat> stat_of(int fd, const std::string& name) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail(io_error(errno, "cannot stat", name));
  return from_stat(status);
}

Result<std::string> link_target_at(int folder, const std::string& name) {
  std::array<char, PATH_MAX + 1> target{};
  const ssize_t length = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  if (length < 0) return fail(io_error(errno, "cannot read the link", name));
  return std::string(target.data(), static_cast<std::size_t>(length));
}

Result<std::vector<DirectoryEntry>> entries_of(int folder, const std::string& name,
                                               std::size_t limit) {
  const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return fail(io_error(errno, "cannot list the folder", name));
  const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(own));
  if (!dir) {
    ::close(own);
    return fail(io_error(errno, "cannot list the folder", name));
  }
  std::vector<DirectoryEntry> entries;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view entry_name = entry->d_name;
    if (entry_name == "." || entry_name == "..") continue;
    if (entries.size() >= limit) {
      return fail(ErrorCode::limit, "more than " + std::to_string(limit) + " files in one folder",
                  name);
    }
    entries.push_back({std::string(entry_name), kind_of_entry(entry->d_type)});
    errno = 0;
  }
  if (errno != 0) return fail(io_error(errno, "cannot list the folder", name));
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

Result<Fd> open_stubborn(int folder, const std::string& name, int flags) {
  flags |= O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  int fd = ::openat(folder, name.c_str(), flags);
  if (fd < 0 && errno == EACCES) {
    // chmod(2) by name could follow a link; a path descriptor pins what is opened.
    const Fd pinned(::openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (pinned) {
      const auto by_descriptor = "/proc/self/fd/" + std::to_string(pinned.get());
      struct stat status {};
      if (::fstat(pinned.get(), &status) == 0 && !S_ISLNK(status.st_mode)) {
        ::chmod(by_descriptor.c_str(),
                (status.st_mode & 07777) | (S_ISDIR(status.st_mode) ? 0700 : 0600));
      }
      fd = ::openat(folder, name.c_str(), flags);
    }
  }
  if (fd < 0) return open_error(errno, name);
  return Fd(fd);
}

Result<Fd> make_directories_beneath(int folder, const std::string& path, unsigned mode,
                                    const std::function<void(int)>& made) {
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
    if (next < 0) return open_error(errno, path);
    at = Fd(next);
    if (created && made) made(next);
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

Result<void> remove_tree_at(int folder, const std::string& name, const std::string& shown) {
  TreeRemoval removal(folder, shown);
  MIX_OK(removal.remove(folder, name, 0));
  return removal.remove_moved();
}

}  // namespace mixagent
