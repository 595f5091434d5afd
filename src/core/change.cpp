#include "mixagent/change.h"

#include "base/digest.h"

#include <charconv>
#include <string_view>

namespace mixagent {
namespace {

constexpr std::string_view mode_names[] = {"100644", "100755", "120000"};

// A path may hold any character; a listing has one line a path.
std::string escape_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> unescape_path(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      path += text[i];
    } else if (++i < text.size() && (text[i] == '\\' || text[i] == 'n')) {
      path += text[i] == 'n' ? '\n' : '\\';
    } else {
      return {};
    }
  }
  return path;
}

// Takes the text up to `end` from the front; false when there is no `end`.
bool take_until(std::string_view& text, char end, std::string_view& taken) {
  const auto at = text.find(end);
  if (at == std::string_view::npos) return false;
  taken = text.substr(0, at);
  text.remove_prefix(at + 1);
  return true;
}

std::optional<FileMode> mode_from(std::string_view name) {
  for (std::size_t i = 0; i < std::size(mode_names); ++i) {
    if (mode_names[i] == name) return static_cast<FileMode>(i);
  }
  return {};
}

struct Line {
  std::string path;
  TreeEntry entry;
};

std::optional<Line> parse_line(std::string_view text) {
  std::string_view mode_text;
  std::string_view blob;
  std::string_view size;
  if (!take_until(text, ' ', mode_text) || !take_until(text, ' ', blob) ||
      !take_until(text, '\t', size))
    return {};
  const auto mode = mode_from(mode_text);
  auto path = unescape_path(text);
  if (!mode || !path || path->empty()) return {};
  Line line;
  line.path = std::move(*path);
  line.entry.mode = *mode;
  line.entry.blob.text = blob;
  const auto [end, error] =
      std::from_chars(size.data(), size.data() + size.size(), line.entry.size);
  if (error != std::errc() || end != size.data() + size.size()) return {};
  return line;
}

}  // namespace

Change difference(const Tree& before, const Tree& after) {
  Change change;
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    if (now == after.end() || (old != before.end() && old->first < now->first)) {
      change.files.push_back({old->first, old->second, {}});
      ++old;
    } else if (old == before.end() || now->first < old->first) {
      change.files.push_back({now->first, {}, now->second});
      ++now;
    } else {
      if (!(old->second == now->second))
        change.files.push_back({old->first, old->second, now->second});
      ++old;
      ++now;
    }
  }
  return change;
}

Tree apply_change(Tree tree, const Change& change) {
  for (const auto& file : change.files) {
    if (file.after) {
      tree[file.path] = *file.after;
    } else {
      tree.erase(file.path);
    }
  }
  return tree;
}

std::string tree_listing(const Tree& tree) {
  std::string listing;
  for (const auto& [path, entry] : tree) {
    listing += mode_names[static_cast<std::size_t>(entry.mode)];
    listing += ' ';
    listing += entry.blob.text;
    listing += ' ';
    listing += std::to_string(entry.size);
    listing += '\t';
    listing += escape_path(path);
    listing += '\n';
  }
  return listing;
}

std::optional<Tree> parse_tree_listing(const std::string& listing) {
  Tree tree;
  std::string_view rest = listing;
  std::string_view text;
  while (take_until(rest, '\n', text)) {
    auto line = parse_line(text);
    // The listing is canonical: an id names one listing, and a listing one tree.
    if (!line || (!tree.empty() && !(tree.rbegin()->first < line->path))) return {};
    tree.emplace_hint(tree.end(), std::move(line->path), std::move(line->entry));
  }
  if (!rest.empty()) return {};
  return tree;
}

TreeId tree_id(const Tree& tree) {
  return {sha256_hex(tree_listing(tree))};
}

}  // namespace mixagent
