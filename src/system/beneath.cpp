#include "system/beneath.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
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

int flags_for(Access access) {
  switch (access) {
    case Access::read:
      return O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    case Access::write:
      return O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    case Access::folder:
      break;
  }
  return O_RDONLY | O_DIRECTORY | O_CLOEXEC;
}

int openat2_call(int folder, const std::string& path, int flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(static_cast<unsigned>(flags));
  how.resolve = resolve;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
  }
}

// For kernels and filters without openat2: one component at a time, no links at all.
int open_by_components(int folder, const std::string& path, int flags) {
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
      return ::openat(at, component.c_str(), flags | O_NOFOLLOW);
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

Result<Fd> open_beneath(int folder, const std::string& path, Access access, Links links) {
  const std::string target = path.empty() ? "." : path;
  int flags = flags_for(access);
  std::uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (links == Links::refuse) {
    resolve |= RESOLVE_NO_SYMLINKS;
    flags |= O_NOFOLLOW;
  }
  int fd = openat2_call(folder, target, flags, resolve);
  if (fd < 0 && (errno == ENOSYS || errno == EPERM)) fd = open_by_components(folder, target, flags);
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

Result<Fd> open_stubborn(int folder, const std::string& name, Access access) {
  const int flags = flags_for(access) | O_NOFOLLOW;
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

}  // namespace mixagent
