#pragma once
// Files by path, for what belongs to mixagent itself: run directories, stores, configuration. Trees
// that a model could write, and the user's own tree, are reached through system/beneath.h. Errors
// name the path, what the system said and, where there is one, the remedy. Thread-safe.

#include "mixagent/error.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mixagent {

// An open descriptor, closed when destroyed.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

// "what: No space left on device" at `where`, with a remedy. ENOENT is not_found, everything else
// io.
Error io_error(int error_number, const std::string& what, const std::string& where);

Result<Fd> open_for_reading(const std::filesystem::path& path);
// not_found when missing. `limit` in bytes; a larger file is an Error.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit = SIZE_MAX);
Result<std::string> read_all(int fd, const std::string& name, std::size_t limit = SIZE_MAX);
Result<void> write_all(int fd, std::string_view bytes, const std::string& name);

// Seen whole or not at all, also after a power cut: temporary file beside it, fsync, rename, fsync
// of the folder.
Result<void> write_atomically(const std::filesystem::path& path, std::string_view bytes,
                              unsigned mode = 0600);
// Seen whole or not at all by other processes; a power cut may lose it. For what can be made again.
Result<void> write_quickly(const std::filesystem::path& path, std::string_view bytes,
                           unsigned mode = 0600);

// Every folder that is missing gets `mode`.
Result<void> make_directories(const std::filesystem::path& path, unsigned mode = 0700);
// False where that cannot be: it is missing, something stands there, another file system.
bool move_folder(const std::filesystem::path& from, const std::filesystem::path& to);
// Whatever it is and whatever its modes are; missing is fine. Never follows a link, never leaves
// the tree.
Result<void> remove_tree(const std::filesystem::path& path);
// Contents of a file, or the names in a folder, onto the disk.
Result<void> sync_path(const std::filesystem::path& path);
bool file_exists(const std::filesystem::path& path);
bool folder_exists(const std::filesystem::path& path);

// Appends whole records with one write(2) each.
class AppendFile {
 public:
  static Result<AppendFile> open(const std::filesystem::path& path, unsigned mode = 0600);
  // A record that could not be written whole is taken back.
  Result<void> append(std::string_view record);
  Result<void> truncate(std::uint64_t size);
  Result<void> sync();  // fdatasync; may run beside append
  std::uint64_t size() const { return size_; }

 private:
  Fd fd_;
  std::string name_;
  std::uint64_t size_ = 0;
};

// Held until destroyed (flock). The file keeps this process's id for the message that others print.
class FileLock {
 public:
  // Empty when another process holds it.
  static Result<std::optional<FileLock>> try_take(const std::filesystem::path& path);

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};
// The process id in a lock file, or empty.
std::string lock_holder(const std::filesystem::path& path);

}  // namespace mixagent
