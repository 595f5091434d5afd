#pragma once
// A Tree is what a working tree holds, as values: path -> bytes and mode. A Change is the
// difference of two trees.

#include "mixagent/ids.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

enum class FileMode { regular, executable, symlink };  // 0644, 0755, link (blob = target text)

struct TreeEntry {
  BlobId blob;
  FileMode mode = FileMode::regular;
  std::int64_t size = 0;
  bool operator==(const TreeEntry&) const = default;
};

// Paths are relative to the repository root, '/'-separated, valid UTF-8, never "." or ".." or below
// ".git".
using Tree = std::map<std::string, TreeEntry>;

struct FileChange {
  std::string path;
  std::optional<TreeEntry> before;  // empty: created
  std::optional<TreeEntry> after;   // empty: deleted
  bool operator==(const FileChange&) const = default;
};

struct Change {
  std::vector<FileChange> files;  // sorted by path
  bool empty() const { return files.empty(); }
  bool operator==(const Change&) const = default;
};

// A path that a workspace holds and that must not leave it, with the reason ("absolute symlink",
// "inside .git", ...).
struct Refusal {
  std::string path;
  std::string why;
  bool operator==(const Refusal&) const = default;
};

Change difference(const Tree& before, const Tree& after);
Tree apply_change(Tree tree, const Change& change);
// "<mode> <blob> <size>\t<path>\n" a line, sorted: the bytes whose SHA-256 is the TreeId.
std::string tree_listing(const Tree& tree);
std::optional<Tree> parse_tree_listing(const std::string& listing);
TreeId tree_id(const Tree& tree);

}  // namespace mixagent
