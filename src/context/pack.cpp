#include "context/pack.h"

#include "base/glob.h"
#include "base/text.h"
#include "context/excerpt.h"
#include "context/ranges.h"
#include "context/signatures.h"
#include "core/edit_format.h"

#include <algorithm>
#include <map>
#include <set>

namespace mixagent {

namespace {

constexpr std::size_t most_matches = 12;     // files shown with their text
constexpr double least_share = 0.3;          // of the best score: below it a file is noise
constexpr std::size_t most_glob_files = 40;  // of one pattern

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

std::string file_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string plural(std::size_t count, const char* noun) {
  return format_count(static_cast<std::int64_t>(count)) + " " + noun + (count == 1 ? "" : "s");
}

struct Folder {
  std::set<std::string> shown;
  std::size_t all = 0;
};

std::string show_folders(const std::map<std::string, Folder>& folders) {
  std::string text;
  std::size_t hidden_folders = 0, hidden_files = 0;
  for (const auto& [name, folder] : folders) {
    if (folder.shown.empty()) {
      ++hidden_folders;
      hidden_files += folder.all;
      continue;
    }
    text += name + ": " + join({folder.shown.begin(), folder.shown.end()}, " ");
    if (folder.all > folder.shown.size()) {
      text +=
          " (+" + format_count(static_cast<std::int64_t>(folder.all - folder.shown.size())) + ")";
    }
    text += "\n";
  }
  if (hidden_folders > 0) {
    text += "[" + plural(hidden_folders, "folder") + " with " + plural(hidden_files, "file") +
            " not shown]\n";
  }
  return text;
}

// Paths of the tree that are named, in the order of the names.
std::vector<std::string> named_paths(const Tree& tree, const std::vector<std::string>& names) {
  std::vector<std::string> found;
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (tree.count(name) != 0) {
      if (seen.insert(name).second) found.push_back(name);
      continue;
    }
    std::size_t hits = 0;
    for (const auto& [path, entry] : tree) {
      if (hits >= most_glob_files) break;
      if (!glob_match(name, path)) continue;
      ++hits;
      if (seen.insert(path).second) found.push_back(path);
    }
  }
  return found;
}

}  // namespace

std::string show_file(const std::string& path, std::string_view text, const std::string& note) {
  std::string fence = "```";
  while (text.find(fence) != std::string_view::npos) fence += '`';
  std::string shown = "## " + path + (note.empty() ? "" : " (" + note + ")") + "\n" + fence + "\n";
  shown += text;
  if (!text.empty() && text.back() != '\n') shown += "\n";
  return shown + fence + "\n";
}

std::string pack_tree(const std::vector<RankedFile>& files, std::int64_t budget) {
  std::map<std::string, Folder> folders;
  for (const RankedFile& file : files) ++folders[folder_of(file.path)].all;
  // By rank and, where ranks are equal, from the root down: what is near the root tells most.
  std::vector<const RankedFile*> order;
  order.reserve(files.size());
  for (const RankedFile& file : files) order.push_back(&file);
  const auto depth = [](const std::string& path) {
    return std::count(path.begin(), path.end(), '/');
  };
  std::stable_sort(order.begin(), order.end(), [&](const RankedFile* a, const RankedFile* b) {
    if (a->score != b->score) return a->score > b->score;
    return depth(a->path) < depth(b->path);
  });
  std::size_t room = static_cast<std::size_t>(std::max<std::int64_t>(budget, 0)) * 4;
  for (const RankedFile* file : order) {
    Folder& folder = folders[folder_of(file->path)];
    const std::size_t cost = file_of(file->path).size() + 1 +
                             (folder.shown.empty() ? folder_of(file->path).size() + 10 : 0);
    if (cost > room) break;
    room -= cost;
    folder.shown.insert(file_of(file->path));
  }
  return show_folders(folders);
}

std::string pack_matches(const Tree& tree, const BlobReader& read,
                         const std::vector<RankedFile>& files, const std::string& goal,
                         std::int64_t budget) {
  std::string text;
  std::size_t shown = 0;
  for (const RankedFile& file : files) {
    const std::int64_t left = budget - estimate_tokens(text);
    if (shown == most_matches || left < 100) break;
    if (file.score <= 0 || file.score < files.front().score * least_share) break;
    if (!file.text) continue;
    const auto bytes = read(tree.at(file.path).blob);
    if (!bytes) continue;
    // One file may not eat what the others need.
    const std::int64_t share = std::max<std::int64_t>(left / 3, std::min<std::int64_t>(left, 400));
    std::string piece;
    const std::size_t lines = split_lines(*bytes).size();
    if (file.tokens <= share) {
      piece = show_file(file.path, *bytes, plural(lines, "line"));
    } else {
      const Excerpt excerpt = excerpt_of(*bytes, goal, share);
      if (excerpt.text.empty()) continue;
      piece = show_file(
          file.path, excerpt.text,
          plural(excerpt.lines, "line") + " of " + format_count(static_cast<std::int64_t>(lines)));
    }
    if (estimate_tokens(piece) > left) continue;
    text += piece;
    ++shown;
  }
  return text;
}

WorkerFiles pack_named(const Tree& tree, const BlobReader& read,
                       const std::vector<std::string>& names, const std::string& wanted,
                       std::int64_t budget) {
  WorkerFiles files;
  std::vector<std::string> left_out;
  std::string code;  // what was shown, for the names it uses
  std::set<std::string> own;
  for (const std::string& path : named_paths(tree, names)) {
    const TreeEntry& entry = tree.at(path);
    const std::int64_t left = budget - estimate_tokens(files.text);
    const auto bytes = read(entry.blob);
    own.insert(path);
    if (!bytes || entry.mode == FileMode::symlink || bytes->find('\0') != std::string::npos) {
      const char* why = entry.mode == FileMode::symlink ? "link" : "binary";
      files.text += "## " + path + " (" + why + ", " +
                    format_bytes(static_cast<std::uint64_t>(entry.size)) + ")\n";
      continue;
    }
    const std::string text = readable(*bytes);
    const auto lines = split_lines(text);
    const std::int64_t tokens = estimate_tokens(text) + 20;
    const bool small = lines.size() <= most_lines_whole || tokens <= budget / 8;
    if (tokens <= left && small) {
      files.text += show_file(path, text);
      files.whole.push_back(path);
      code += text;
      continue;
    }
    const std::int64_t share = std::min(left - 40, std::max<std::int64_t>(budget / 4, 200));
    const std::string part = show_ranges(lines, relevant_ranges(lines, wanted, share));
    if (part.empty()) {
      left_out.push_back(path + " (" + plural(lines.size(), "line") + ")");
      continue;
    }
    files.text += show_file(path, part,
                            "parts of " + plural(lines.size(), "line") + "; read_file shows more");
    code += part;
  }
  const std::int64_t left = std::min(budget / 10, budget - estimate_tokens(files.text));
  const std::string used =
      show_signatures(find_definitions(tree, read, called_names(code), own), left - 20);
  if (!used.empty()) files.text += "What they use from other files:\n" + used;
  if (!left_out.empty()) files.text += "Not shown, use read_file: " + join(left_out, ", ") + "\n";
  return files;
}

}  // namespace mixagent
