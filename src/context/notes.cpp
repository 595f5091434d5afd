#include "context/notes.h"

#include "base/glob.h"
#include "base/text.h"

#include <set>

namespace mixagent {

namespace {

constexpr std::size_t most_of_one = 16 << 10, most_of_all = 32 << 10;  // bytes

// "api/v1/list.py" -> "", "api/", "api/v1/"; a pattern ends where its wildcards begin.
void add_folders(const std::string& path, std::set<std::string>& folders) {
  std::size_t from = 0;
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', from)) {
    if (has_wildcard(path.substr(from, slash - from))) return;
    folders.insert(path.substr(0, slash + 1));
    from = slash + 1;
  }
  // A name without a slash behind it may be a folder; one that is none holds no notes.
  const std::string rest = path.substr(from);
  if (!rest.empty() && rest != "." && !has_wildcard(rest)) folders.insert(path + "/");
}

const Tree::value_type* note_in(const Tree& tree, const std::string& folder) {
  for (const char* name : {"AGENTS.md", "CLAUDE.md", "GEMINI.md"}) {
    const auto found = tree.find(folder + name);
    if (found != tree.end() && found->second.mode != FileMode::symlink) return &*found;
  }
  return nullptr;
}

}  // namespace

std::string pack_notes(const Tree& tree, const BlobReader& read,
                       const std::vector<std::string>& paths) {
  std::set<std::string> folders = {""};
  for (const std::string& path : paths) add_folders(path, folders);
  std::string text;
  for (const std::string& folder : folders) {
    const auto* note = note_in(tree, folder);
    if (note == nullptr) continue;
    const auto bytes = read(note->second.blob);
    if (!bytes || trim(*bytes).empty()) continue;
    const std::string piece = clip_middle(repair_utf8(trim(*bytes)), most_of_one);
    if (text.size() + piece.size() > most_of_all) break;
    text += (text.empty() ? "" : "\n") + std::string("From ") + note->first + ":\n" + piece + "\n";
  }
  return text;
}

}  // namespace mixagent
