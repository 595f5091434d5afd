#include "system/files.h"

#include "system/change_at.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace mixagent {
namespace {

std::string remedy(int error_number) {
  switch (error_number) {
    case ENOSPC:
      return "free some disk space, then run `mixagent resume`";
    case EDQUOT:
      return "the disk quota is used up: free some space, then run `mixagent resume`";
    case EROFS:
      return "the file system is read-only: choose another folder (--run-dir, XDG_STATE_HOME, "
             "XDG_CACHE_HOME)";
    case EACCES:
    case EPERM:
      return "check owner and permissions of the path";
    case EMFILE:
    case ENFILE:
      return "too many open files: raise `ulimit -n` or lower --jobs";
    default:
      return {};
  }
}

Result<Fd> open_path(const std::filesystem::path& path, int flags, unsigned mode,
                     const char* doing) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return fail(io_error(errno, doing, path.string()));
  return Fd(fd);
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

std::filesystem::path temporary_beside(const std::filesystem::path& path) {
  static std::atomic<unsigned> counter{0};
  const std::string unique = std::to_string(::getpid()) + "-" + std::to_string(counter++);
  return folder_of(path) / (".tmp-" + unique);
}

Result<void> write_through_temporary(const std::filesystem::path& path, std::string_view bytes,
                                     unsigned mode, bool durable) {
  const auto temporary = temporary_beside(path);
  {
    MIX_TRY(const Fd fd, open_path(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode,
                                   "cannot create a file"));
    auto written = write_all(fd.get(), bytes, path.string());
    if (written && durable && ::fsync(fd.get()) != 0) {
      written = fail(io_error(errno, "cannot sync", path.string()));
    }
    if (!written) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error_number = errno;
    ::unlink(temporary.c_str());
    return fail(io_error(error_number, "cannot replace the file", path.string()));
  }
  return durable ? sync_path(folder_of(path)) : Result<void>();
}

}  // namespace

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Error io_error(int error_number, const std::string& what, const std::string& where) {
  const auto code = error_number == ENOENT ? ErrorCode::not_found : ErrorCode::io;
  const auto message = what + ": " + std::generic_category().message(error_number);
  return fail(code, message, where, remedy(error_number)).value();
}

Result<std::string> read_all(int fd, const std::string& name, std::size_t limit) {
  std::string bytes;
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    bytes.reserve(static_cast<std::size_t>(status.st_size) + 1);
  }
  std::size_t used = 0;
  for (;;) {
    if (used == bytes.size()) bytes.resize(std::max<std::size_t>(bytes.capacity(), used + 65536));
    const ssize_t got = ::read(fd, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(io_error(errno, "cannot read", name));
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > limit) {
      return fail(ErrorCode::io, "larger than " + std::to_string(limit) + " bytes", name);
    }
  }
  bytes.resize(used);
  return bytes;
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(io_error(errno, "cannot write", name));
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<Fd> open_for_reading(const std::filesystem::path& path) {
  return open_path(path, O_RDONLY, 0, "cannot open");
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  MIX_TRY(const Fd fd, open_for_reading(path));
  return read_all(fd.get(), path.string(), limit);
}

Result<void> write_atomically(const std::filesystem::path& path, std::string_view bytes,
                              unsigned mode) {
  return write_through_temporary(path, bytes, mode, true);
}

Result<void> write_quickly(const std::filesystem::path& path, std::string_view bytes,
                           unsigned mode) {
  return write_through_temporary(path, bytes, mode, false);
}

Result<void> make_directories(const std::filesystem::path& path, unsigned mode) {
  if (path.empty() || ::mkdir(path.c_str(), mode) == 0) return {};
  if (errno == EEXIST || errno == EISDIR) {
    if (folder_exists(path)) return {};
    return fail(ErrorCode::io, "is in the way: a folder is needed here", path.string());
  }
  if (errno != ENOENT) return fail(io_error(errno, "cannot create the folder", path.string()));
  if (path.parent_path() == path)
    return fail(io_error(ENOENT, "cannot create the folder", path.string()));
  MIX_OK(make_directories(path.parent_path(), mode));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return fail(io_error(errno, "cannot create the folder", path.string()));
  }
  return {};
}

bool move_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
  return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0;
}

Result<void> remove_tree(const std::filesystem::path& path) {
  const auto whole = path.has_filename() ? path : path.parent_path();
  auto folder = open_path(folder_of(whole), O_RDONLY | O_DIRECTORY, 0, "cannot open the folder");
  if (!folder && folder.error().code == ErrorCode::not_found) return {};
  if (!folder) return fail(folder.error());
  return remove_tree_at(folder->get(), whole.filename().string(), path.string());
}

Result<void> sync_path(const std::filesystem::path& path) {
  MIX_TRY(const Fd fd, open_for_reading(path));
  if (::fsync(fd.get()) != 0 && errno != EINVAL) {
    return fail(io_error(errno, "cannot sync", path.string()));
  }
  return {};
}

bool file_exists(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool folder_exists(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<AppendFile> AppendFile::open(const std::filesystem::path& path, unsigned mode) {
  AppendFile file;
  MIX_TRY(file.fd_,
          open_path(path, O_WRONLY | O_APPEND | O_CREAT, mode, "cannot open for appending"));
  file.name_ = path.string();
  struct stat status {};
  if (::fstat(file.fd_.get(), &status) != 0)
    return fail(io_error(errno, "cannot stat", file.name_));
  file.size_ = static_cast<std::uint64_t>(status.st_size);
  return file;
}

Result<void> AppendFile::append(std::string_view record) {
  ssize_t put = 0;
  do {
    put = ::write(fd_.get(), record.data(), record.size());
  } while (put < 0 && errno == EINTR);
  if (put == static_cast<ssize_t>(record.size())) {
    size_ += record.size();
    return {};
  }
  // A short write means that the disk is full; half a record must not stay between whole ones.
  const int error_number = put < 0 ? errno : ENOSPC;
  MIX_OK(truncate(size_));
  return fail(io_error(error_number, "cannot append", name_));
}

Result<void> AppendFile::truncate(std::uint64_t size) {
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
    return fail(io_error(errno, "cannot truncate", name_));
  }
  size_ = size;
  return {};
}

Result<void> AppendFile::sync() {
  if (::fdatasync(fd_.get()) != 0) return fail(io_error(errno, "cannot sync", name_));
  return {};
}

Result<std::optional<FileLock>> FileLock::try_take(const std::filesystem::path& path) {
  MIX_TRY(Fd fd, open_path(path, O_RDWR | O_CREAT, 0600, "cannot open the lock"));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::optional<FileLock>();
    return fail(io_error(errno, "cannot lock", path.string()));
  }
  const auto holder = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) == 0) MIX_OK(write_all(fd.get(), holder, path.string()));
  return std::optional<FileLock>(FileLock(std::move(fd)));
}

std::string lock_holder(const std::filesystem::path& path) {
  auto text = read_file(path, 64);
  if (!text) return {};
  const auto end = text->find('\n');
  return end == std::string::npos ? std::string() : text->substr(0, end);
}

}  // namespace mixagent
