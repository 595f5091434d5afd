#include "workspace/carry.h"

#include "base/digest.h"
#include "base/text.h"
#include "system/change_at.h"
#include "workspace/names.h"
#include "workspace/walk.h"

#include <functional>
#include <set>

namespace mixagent {
namespace {

constexpr int deepest = 100;

using Visit = std::function<bool(int folder, const std::string& name, const std::string& path,
                                 const FileStat&)>;

// Everything below, folders before what they hold; false from `visit` stops.
bool visit_below(int folder, const std::string& prefix, const Visit& visit, int depth = 0) {
  const auto entries = entries_of(folder, prefix);
  if (!entries || depth > deepest) return true;
  for (const auto& entry : *entries) {
    const auto status = stat_at(folder, entry.name);
    if (!status || !*status) continue;
    const auto path = prefix + "/" + entry.name;
    if (!visit(folder, entry.name, path, **status)) return false;
    if ((*status)->kind != FileKind::directory) continue;
    const auto inner = open_beneath(folder, entry.name, Access::folder, Links::refuse);
    if (inner && !visit_below(inner->get(), path, visit, depth + 1)) return false;
  }
  return true;
}

std::set<std::string> folders_of(const Tree& tree) {
  std::set<std::string> folders = {""};
  for (const auto& [path, entry] : tree) {
    for (auto folder = folder_of(path); !folder.empty(); folder = folder_of(folder)) {
      if (!folders.emplace(folder).second) break;
    }
  }
  return folders;
}

Result<void> copy_file_at(int from_folder, int to_folder, const std::string& name,
                          const FileStat& status, const std::optional<Owner>& owner) {
  auto from = open_beneath(from_folder, name, Access::read, Links::refuse);
  if (!from) return {};  // unreadable to us: the step does without
  const unsigned mode = (status.mode & 0100) != 0 ? 0755 : 0644;
  MIX_TRY(const Fd to, create_at(to_folder, name, mode));
  MIX_OK(copy_bytes(from->get(), to.get(), name));
  MIX_OK(set_mode(to.get(), mode, name));
  MIX_OK(give(to.get(), owner, name));
  // Build tools compare times: a copy must not look newer than what it was made from.
  return set_modified(to.get(), status.mtime_ns, name);
}

}  // namespace

namespace {

struct Measured {
  std::int64_t bytes = 0;
  bool foreign = false;
};

// Stops at `enough` bytes, except when owners are wanted.
Measured measure(int folder, const std::string& path, std::int64_t enough, bool owners) {
  Measured sum;
  const auto own = stat_of(folder, path);
  visit_below(folder, path, [&](int, const auto&, const auto&, const FileStat& status) {
    sum.bytes += status.kind == FileKind::regular ? status.size : 0;
    sum.foreign = sum.foreign || !own || status.uid != own->uid || status.gid != own->gid;
    return owners || sum.bytes <= enough;
  });
  return sum;
}

}  // namespace

Carried find_carried(int repository, const Tree& tree, const CarryRules& rules) {
  Carried found;
  if (rules.names.empty()) return found;
  std::int64_t bytes = 0;
  for (const auto& folder : folders_of(tree)) {
    for (const auto& name : rules.names) {
      if (!unsafe_path(name).empty()) continue;  // never the user's own .git
      const auto path = folder.empty() ? name : folder + "/" + name;
      if (!stat_at(repository, path).value_or(std::nullopt)) continue;  // the usual case, cheaply
      const auto opened = open_beneath(repository, path, Access::folder, Links::refuse);
      if (!opened || tree_has_folder(tree, path)) continue;
      const auto sum = measure(opened->get(), path, rules.limit_bytes - bytes,
                               rules.live_from_bytes.has_value());
      if (rules.live_from_bytes && sum.bytes > *rules.live_from_bytes && !sum.foreign) {
        found.live.push_back(path);
      } else if (bytes + sum.bytes <= rules.limit_bytes) {
        bytes += sum.bytes;
        found.folders.push_back(path);
      } else {
        const auto limit = format_bytes(static_cast<std::uint64_t>(rules.limit_bytes));
        found.left_out.push_back(path +
                                 (sum.foreign ? " (files of other users, and more than "
                                              : " (carried folders are more than ") +
                                 limit + ")");
      }
    }
  }
  return found;
}

Result<void> copy_carried(int repository, const std::string& folder, int copy,
                          const std::optional<Owner>& owner) {
  MIX_TRY(const Fd source, open_beneath(repository, folder, Access::folder, Links::refuse));
  MIX_TRY(const Fd target, make_directories_beneath(copy, folder, 0755, owner));
  Result<void> copied;
  visit_below(
      source.get(), folder,
      [&](int from, const std::string& name, const std::string& path, const FileStat& status) {
        const auto inner = std::string(folder_of(path.substr(folder.size() + 1)));
        const auto step = [&]() -> Result<void> {
          MIX_TRY(const Fd to, make_directories_beneath(target.get(), inner, 0755, owner));
          if (status.kind == FileKind::directory) {
            MIX_OK(make_directories_beneath(to.get(), name, 0755, owner));
          } else if (status.kind == FileKind::symlink) {
            MIX_TRY(const auto link, link_target_at(from, name));
            MIX_OK(create_link_at(to.get(), name, link));
            MIX_OK(give_at(to.get(), name, owner));
          } else if (status.kind == FileKind::regular) {
            MIX_OK(copy_file_at(from, to.get(), name, status, owner));
          }
          return {};
        };
        copied = step();
        return copied.has_value();
      });
  return copied;
}

std::string fingerprint(int root, const std::string& folder) {
  const auto opened = open_beneath(root, folder, Access::folder, Links::refuse);
  if (!opened) return {};
  std::string all;
  visit_below(opened->get(), folder,
              [&](int, const std::string&, const std::string& path, const FileStat& status) {
                // Folders change their times when files in them come and go; those files show
                // anyway.
                all += path + '\0' + std::to_string(status.mode);
                if (status.kind != FileKind::directory) {
                  all += ' ' + std::to_string(status.size) + ' ' + std::to_string(status.ctime_ns) +
                         ' ' + std::to_string(status.inode);
                }
                all += '\n';
                return true;
              });
  return sha256_hex(all);
}

}  // namespace mixagent
