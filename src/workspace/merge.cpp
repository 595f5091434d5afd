#include "workspace/merge.h"

#include "core/diff.h"
#include "workspace/names.h"

#include <algorithm>
#include <set>

namespace mixagent {
namespace {

using Entry = std::optional<TreeEntry>;

Entry entry_at(const Tree& tree, const std::string& path) {
  const auto found = tree.find(path);
  return found == tree.end() ? Entry() : Entry(found->second);
}

bool is_text(const std::string& bytes) {
  return !looks_binary(bytes);
}

// Both sides changed this file, differently. Empty: they cannot be brought together.
Result<Entry> merge_contents(const Entry& base, const Entry& ours, const Entry& theirs,
                             Store& store) {
  if (!ours || !theirs) return Entry();
  if (ours->mode == FileMode::symlink || theirs->mode == FileMode::symlink) return Entry();
  TreeEntry merged = *ours;
  if (base && base->mode == ours->mode) merged.mode = theirs->mode;
  if (ours->blob == theirs->blob) return Entry(merged);
  const bool base_is_file = base && base->mode != FileMode::symlink;
  MIX_TRY(const auto before,
          base_is_file ? store.get(base->blob) : Result<std::string>(std::string()));
  MIX_TRY(const auto mine, store.get(ours->blob));
  MIX_TRY(const auto other, store.get(theirs->blob));
  if (!is_text(before) || !is_text(mine) || !is_text(other)) return Entry();
  const auto text = merge_three_way(before, mine, other);
  if (!text.hunks.empty()) return Entry();
  merged.size = static_cast<std::int64_t>(text.text.size());
  MIX_TRY(merged.blob, store.put(text.text, Store::Layer::own));
  return Entry(merged);
}

// A file of one side where the other side has a folder.
void find_files_in_the_way(const Tree& tree, std::vector<std::string>& conflicts) {
  for (const auto& [path, entry] : tree) {
    for (auto folder = folder_of(path); !folder.empty(); folder = folder_of(folder)) {
      if (tree.count(std::string(folder)) != 0) conflicts.emplace_back(folder);
    }
  }
}

// As git does: in quotes with escapes where a reader of patches could be misled.
std::string quoted(const std::string& path) {
  std::string out = "\"";
  bool needed = false;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
      needed = true;
    } else if (byte < 0x20 || byte == 0x7f) {
      const char octal[] = {'\\', static_cast<char>('0' + (byte >> 6)),
                            static_cast<char>('0' + ((byte >> 3) & 7)),
                            static_cast<char>('0' + (byte & 7))};
      out.append(octal, sizeof octal);
      needed = true;
    } else {
      out += c;
    }
  }
  return needed ? out + "\"" : path;
}

Result<std::string> diff_of_one(const std::string& path, const Entry& before, const Entry& after,
                                const Store& store) {
  MIX_TRY(const auto old_bytes,
          before ? store.get(before->blob) : Result<std::string>(std::string()));
  MIX_TRY(const auto new_bytes,
          after ? store.get(after->blob) : Result<std::string>(std::string()));
  std::string text = "diff --git " + quoted("a/" + path) + " " + quoted("b/" + path) + "\n";
  if (!before) text += std::string("new file mode ") + git_mode(after->mode) + "\n";
  if (!after) text += std::string("deleted file mode ") + git_mode(before->mode) + "\n";
  if (before && after && before->mode != after->mode) {
    text += std::string("old mode ") + git_mode(before->mode) + "\nnew mode " +
            git_mode(after->mode) + "\n";
  }
  if (old_bytes == new_bytes) return text;
  if (looks_binary(old_bytes) || looks_binary(new_bytes)) {
    const auto from = before ? "a/" + path : std::string("/dev/null");
    const auto to = after ? "b/" + path : std::string("/dev/null");
    return text + "Binary files " + quoted(from) + " and " + quoted(to) + " differ\n";
  }
  return text + unified_diff(old_bytes, new_bytes, path, !before, !after);
}

bool changes_kind(const FileChange& file) {
  return file.before && file.after &&
         (file.before->mode == FileMode::symlink) != (file.after->mode == FileMode::symlink);
}

}  // namespace

const char* git_mode(FileMode mode) {
  switch (mode) {
    case FileMode::executable:
      return "100755";
    case FileMode::symlink:
      return "120000";
    case FileMode::regular:
      break;
  }
  return "100644";
}

Result<Merge> merge_trees(const Tree& base, const Tree& ours, const Tree& theirs, Store& store) {
  Merge merge;
  std::set<std::string> paths;
  for (const auto* tree : {&base, &ours, &theirs}) {
    for (const auto& [path, entry] : *tree) paths.insert(path);
  }
  for (const auto& path : paths) {
    const auto before = entry_at(base, path), mine = entry_at(ours, path),
               other = entry_at(theirs, path);
    Entry result;
    if (mine == other || before == other) {
      result = mine;
    } else if (before == mine) {
      result = other;
    } else {
      MIX_TRY(result, merge_contents(before, mine, other, store));
      if (!result) merge.conflicts.push_back(path);
    }
    if (result) merge.tree.emplace(path, *result);
  }
  find_files_in_the_way(merge.tree, merge.conflicts);
  std::sort(merge.conflicts.begin(), merge.conflicts.end());
  merge.conflicts.erase(std::unique(merge.conflicts.begin(), merge.conflicts.end()),
                        merge.conflicts.end());
  return merge;
}

Result<std::string> diff_of(const Change& change, const Store& store) {
  std::string text;
  for (const auto& file : change.files) {
    if (changes_kind(file)) {
      // A file that becomes a link, or back, is two patches: git knows no other way to say it.
      MIX_TRY(const auto gone, diff_of_one(file.path, file.before, {}, store));
      MIX_TRY(const auto come, diff_of_one(file.path, {}, file.after, store));
      text += gone + come;
    } else {
      MIX_TRY(const auto one, diff_of_one(file.path, file.before, file.after, store));
      text += one;
    }
  }
  return text;
}

}  // namespace mixagent
