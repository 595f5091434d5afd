#pragma once
// Files below a folder that may be hostile or change under our feet: everything is reached from an
// open folder, never by an absolute path, and no name can lead out of it. For the user's tree, for
// workspaces and for what is copied between.

#include "system/files.h"

#include "mixagent/error.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

enum class FileKind { regular, directory, symlink, other };

// What tells two states of a file apart without reading it.
struct FileStat {
  FileKind kind = FileKind::other;
  unsigned mode = 0;  // permission bits
  std::int64_t size = 0, mtime_ns = 0, ctime_ns = 0;
  std::uint64_t inode = 0, device = 0;
  unsigned uid = 0, gid = 0;
  bool operator==(const FileStat&) const = default;
};

// The time that the kernel would stamp on a change made now, or a little earlier. A file whose
// ctime is before it cannot be changed any more without its ctime showing it.
std::int64_t coarse_now_ns();
// False where writes through a mapping may leave the times alone (tmpfs): then only the bytes tell.
bool times_are_reliable(int folder);

Result<Fd> open_directory(const std::filesystem::path& path);

enum class Access { read, write, folder };
enum class Links { follow_inside, refuse };
// An empty path is the folder itself. Error denied when the path leaves `folder` or, with
// Links::refuse, passes through any link; not_found when missing. Never blocks (a fifo), never
// creates.
Result<Fd> open_beneath(int folder, const std::string& path, Access access, Links links);

// No link is followed. Empty when nothing is there.
Result<std::optional<FileStat>> stat_at(int folder, const std::string& name);
Result<std::optional<FileStat>> stat_path(const std::filesystem::path& path);
Result<FileStat> stat_of(int fd, const std::string& name);
Result<std::string> link_target_at(int folder, const std::string& name);

struct DirectoryEntry {
  std::string name;
  FileKind kind = FileKind::other;  // a hint: `other` where the file system does not say
};
// Without "." and "..", sorted by name. `limit`: more entries are an Error limit.
Result<std::vector<DirectoryEntry>> entries_of(int folder, const std::string& name,
                                               std::size_t limit = SIZE_MAX);

// Opens a file or folder that its owner made unreadable, giving the owner read access first. Never
// follows a link.
Result<Fd> open_stubborn(int folder, const std::string& name, Access access);

}  // namespace mixagent
