#pragma once
// Changes to files below an open folder (see system/beneath.h): no name is followed out of it.
// Thread-safe.

#include "system/beneath.h"

#include "mixagent/error.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace mixagent {

struct Owner {
  unsigned uid = 0, gid = 0;
};

bool is_root();
// It is there and belongs to this process's user; a link itself, not what it leads to.
bool is_own(const std::filesystem::path& path);

// Opened for writing; `name` must not exist. The umask takes bits off `mode`; set_mode does not.
Result<Fd> create_at(int folder, const std::string& name, unsigned mode);
// A second name for a file of this process's user that has one, so that modes and times given to it
// concern nothing else.
// False where that cannot be.
bool share_file_at(const std::filesystem::path& file, int folder, const std::string& name);
Result<void> create_link_at(int folder, const std::string& name, const std::string& target);
Result<void> set_mode(int fd, unsigned mode, const std::string& name);
Result<void> set_modified(int fd, std::int64_t mtime_ns, const std::string& name);
Result<void> empty_file(int fd, const std::string& name);
Result<void> sync_file(int fd, const std::string& name);

// Nothing happens without an owner.
Result<void> give(int fd, const std::optional<Owner>& owner, const std::string& name);
Result<void> give_at(int folder, const std::string& name, const std::optional<Owner>& owner);

// Folder by folder, each opened from the one above; new ones belong to `owner`. Existing folders
// stay as they are.
Result<Fd> make_directories_beneath(int folder, const std::string& path, unsigned mode,
                                    const std::optional<Owner>& owner = {});

// Bytes only: shared blocks where the file system can (FICLONE), else copied in the kernel, else by
// read and write.
Result<void> copy_bytes(int from, int to, const std::string& name);

// Error io when files in the folder cannot be created or removed.
Result<void> check_changeable(int folder, const std::string& shown);
// not_found when missing, denied when it is a folder.
Result<void> remove_file_at(int folder, const std::string& name);
// Stays when it holds anything.
void remove_empty_folder_at(int folder, const std::string& name);
// Missing is fine; 0000 folders and very deep trees too. `shown` is the path for messages.
Result<void> remove_tree_at(int folder, const std::string& name, const std::string& shown);

}  // namespace mixagent
