#include "workspace/names.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace mixagent {
namespace {

constexpr std::size_t longest_path = 4096;

// Characters that some file systems drop from names: joiners, direction marks, the byte order mark.
bool drop_invisible(std::string_view& rest) {
  constexpr std::array<std::string_view, 16> invisible = {
      "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d",
      "\u202e", "\u206a", "\u206b", "\u206c", "\u206d", "\u206e", "\u206f", "\ufeff"};
  for (const auto& mark : invisible) {
    if (rest.substr(0, mark.size()) == mark) {
      rest.remove_prefix(mark.size());
      return true;
    }
  }
  return false;
}

std::string folded(std::string_view component) {
  std::string plain;
  while (!component.empty()) {
    if (drop_invisible(component)) continue;
    plain += component.front();
    component.remove_prefix(1);
  }
  // An alternate stream (".git::$INDEX_ALLOCATION") is the same folder elsewhere.
  plain = lower(plain.substr(0, plain.find(':')));
  while (!plain.empty() && (plain.back() == '.' || plain.back() == ' ')) plain.pop_back();
  return plain;
}

bool is_short_git(const std::string& plain) {
  return plain.size() >= 5 && plain.compare(0, 4, "git~") == 0 &&
         plain.find_first_not_of("0123456789", 4) == std::string::npos;
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

}  // namespace

bool looks_like_git(std::string_view component) {
  const auto plain = folded(component);
  return plain == ".git" || is_short_git(plain);
}

std::string unsafe_path(std::string_view path) {
  if (path.size() > longest_path) return "path longer than 4096 bytes";
  if (!valid_utf8(path)) return "name is not valid UTF-8";
  if (has_control_character(path)) return "control character in the name";
  for (const auto& component : split(path, '/')) {
    if (looks_like_git(component)) return "inside .git";
  }
  return {};
}

Result<std::string> path_inside(std::string_view path) {
  const auto denied = [&](const char* why) {
    return fail(ErrorCode::denied, why, std::string(path),
                "give a path relative to the repository's root");
  };
  if (path.empty()) return denied("the path is empty");
  if (path.front() == '/') return denied("absolute paths are not allowed");
  if (path.find('\0') != std::string_view::npos) return denied("the path holds a NUL byte");
  std::vector<std::string> components;
  for (auto& component : split(path, '/')) {
    if (component.empty() || component == ".") continue;
    if (component != "..") {
      components.push_back(std::move(component));
    } else if (components.empty()) {
      return denied("the path leads out of the repository");
    } else {
      components.pop_back();
    }
  }
  for (const auto& component : components) {
    if (looks_like_git(component)) return denied("paths into .git are not allowed");
  }
  return join(components, "/");
}

std::string_view folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view last_name_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace mixagent
