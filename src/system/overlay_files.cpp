#include "system/overlay_files.h"

#include "system/files.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

namespace mixagent {
namespace {

// Mounted with `userxattr`: the same for root and everybody else.
constexpr const char* opaque_name = "user.overlay.opaque";

}  // namespace

bool is_whiteout_at(int folder, const std::string& name) {
  struct stat status {};
  return fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0);
}

Result<void> make_whiteout_at(int folder, const std::string& name) {
  if (mknodat(folder, name.c_str(), S_IFCHR, makedev(0, 0)) == 0) return {};
  return fail(io_error(errno, "cannot be hidden", name));
}

Result<Fd> make_overlay_scratch(const std::filesystem::path& scratch,
                                const std::optional<Owner>& owner) {
  for (const char* part : {"upper", "work", "low"}) MIX_OK(make_directories(scratch / part));
  MIX_TRY(Fd upper, open_directory(scratch / "upper"));
  MIX_OK(set_mode(upper.get(), 0755, scratch.string()));
  MIX_OK(give(upper.get(), owner, scratch.string()));
  return upper;
}

bool is_opaque(int folder) {
  char value = 0;
  return fgetxattr(folder, opaque_name, &value, 1) == 1 && value == 'y';
}

Result<void> make_opaque(int folder, const std::string& name) {
  if (fsetxattr(folder, opaque_name, "y", 1, 0) == 0) return {};
  return fail(io_error(errno, "cannot be emptied", name));
}

}  // namespace mixagent
