#include "workspace/walk.h"

#include "base/text.h"
#include "system/overlay_files.h"
#include "workspace/names.h"

#include <algorithm>
namespace mixagent {
namespace {

constexpr int deepest_folder = 128;
constexpr std::size_t most_entries_a_folder = 100'000;

class Walk {
 public:
  Walk(const WalkRules& rules, const WalkVisitor& visitor) : rules_(rules), visitor_(visitor) {}

  // False: the visitor has seen enough.
  Result<bool> folder(int fd, const std::string& prefix, bool ignored, int depth) {
    auto entries = entries_of(fd, prefix, most_entries_a_folder);
    if (!entries && entries.error().code == ErrorCode::limit) {
      visitor_.refused(prefix.empty() ? "." : prefix, "more than 100,000 files in one folder");
      return true;
    }
    if (!entries) return fail(std::move(entries).error());
    for (const auto& entry : *entries) {
      if (prefix.empty() && entry.name == ".git") continue;
      const auto path = prefix.empty() ? entry.name : prefix + "/" + entry.name;
      MIX_TRY(const bool more, this->entry(fd, entry.name, path, ignored, depth));
      if (!more) return false;
    }
    return true;
  }

 private:
  Result<bool> entry(int fd, const std::string& name, const std::string& path, bool ignored,
                     int depth) {
    const bool in_base = rules_.base.count(path) != 0;
    MIX_TRY(const auto status, stat_at(fd, name));
    if (!status) return true;
    const bool is_folder = status->kind == FileKind::directory;
    if (visitor_.hidden && !is_carried(path)) {
      if (is_whiteout(*status, fd, name)) {
        visitor_.hidden(path, true);
        return true;
      }
      visitor_.hidden(path, !is_folder);
    }
    if (!in_base && !(is_folder && tree_has_folder(rules_.base, path))) {
      if (is_carried(path)) return true;
      if (ignored || rules_.ignore.ignored(path, is_folder)) return true;
      if (const auto why = unsafe_path(path); !why.empty()) return refuse(path, why);
    }
    if (is_folder) return sub_folder(fd, name, path, ignored, depth);
    if (status->kind == FileKind::other) return refuse(path, "neither file nor folder nor symlink");
    return visitor_.file({fd, name, path, *status});
  }

  Result<bool> sub_folder(int fd, const std::string& name, const std::string& path, bool ignored,
                          int depth) {
    if (depth >= deepest_folder) return refuse(path, "folders nested more than 128 deep");
    const auto inner = open_stubborn(fd, name, Access::folder);
    if (!inner) return refuse(path, "folder that cannot be read");
    if (visitor_.hidden && is_opaque(inner->get())) visitor_.hidden(path, true);
    // Inside an ignored folder only what the base holds counts.
    return folder(inner->get(), path, ignored || rules_.ignore.ignored(path, true), depth + 1);
  }

  static bool is_whiteout(const FileStat& status, int fd, const std::string& name) {
    return status.kind == FileKind::other && is_whiteout_at(fd, name);
  }

  Result<bool> refuse(const std::string& path, const std::string& why) {
    visitor_.refused(path, why);
    return true;
  }

  bool is_carried(const std::string& path) const {
    return std::find(rules_.carried.begin(), rules_.carried.end(), path) != rules_.carried.end();
  }

  const WalkRules& rules_;
  const WalkVisitor& visitor_;
};

}  // namespace

Result<void> walk_copy(int root, const WalkRules& rules, const WalkVisitor& visitor) {
  MIX_TRY([[maybe_unused]] const bool all, Walk(rules, visitor).folder(root, "", false, 0));
  return {};
}

bool tree_has_folder(const Tree& tree, const std::string& folder) {
  const auto first = tree.lower_bound(folder + "/");
  return first != tree.end() && first->first.compare(0, folder.size() + 1, folder + "/") == 0;
}

}  // namespace mixagent
