#include "engine/files.h"

#include "base/text.h"

namespace mixagent {

Result<std::string> clean_path(const std::string& path) {
  if (path.empty() || path == ".") return std::string(".");
  if (path.front() == '/' || path.front() == '~') {
    return fail(ErrorCode::denied,
                "absolute paths are refused; use a path relative to the repository root", path);
  }
  std::vector<std::string> parts;
  for (const std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (parts.empty()) return fail(ErrorCode::denied, "the path leaves the repository", path);
      parts.pop_back();
      continue;
    }
    if (lower(part) == ".git") return fail(ErrorCode::denied, "paths into .git are refused", path);
    parts.push_back(part);
  }
  return parts.empty() ? std::string(".") : join(parts, "/");
}

Result<std::string> TreeView::read(const std::string& path) {
  const auto found = tree_.find(path);
  if (found == tree_.end()) return fail(ErrorCode::not_found, "no such file", path);
  return workspaces_.bytes(found->second.blob);
}

Result<std::vector<std::string>> TreeView::list() {
  std::vector<std::string> paths;
  paths.reserve(tree_.size());
  for (const auto& [path, entry] : tree_) paths.push_back(path);
  return paths;
}

}  // namespace mixagent
