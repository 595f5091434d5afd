#include "base/text.h"
#include "config/detect.h"
#include "system/files.h"

#include <algorithm>
#include <set>

namespace mixagent {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_files = 20'000;
constexpr int deepest = 4;
constexpr std::size_t most_bytes = 1 << 20;

bool left_out(const std::string& folder) {
  static const std::set<std::string> names = {"node_modules", "vendor", "target", "build",
                                              "dist",         "venv",   "__pycache__"};
  return folder.front() == '.' || names.count(folder) != 0;
}

std::vector<std::string> paths_below(const fs::path& root) {
  std::vector<std::string> paths;
  std::error_code error;
  auto it = fs::recursive_directory_iterator(root, fs::directory_options::skip_permission_denied, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    std::error_code ignored;
    if (it->is_directory(ignored)) {
      if (it.depth() + 1 >= deepest || left_out(name)) it.disable_recursion_pending();
      continue;
    }
    if (paths.size() == most_files) break;
    paths.push_back(it->path().lexically_relative(root).generic_string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool on_path(const std::string& program, const Environment& env) {
  const auto path = env.find("PATH");
  if (path == env.end()) return false;
  for (const std::string& folder : split(path->second, ':')) {
    if (!folder.empty() && file_exists(fs::path(folder) / program)) return true;
  }
  return false;
}

}  // namespace

RepositoryFiles look_at(const fs::path& root, const Environment& env) {
  RepositoryFiles files;
  files.paths = paths_below(root);
  files.read = [root](const std::string& path) -> std::optional<std::string> {
    auto text = read_file(root / path, most_bytes);
    if (!text) return std::nullopt;
    return *std::move(text);
  };
  files.has_program = [root, env](const std::string& program) {
    if (program.find('/') == std::string::npos) return on_path(program, env);
    return file_exists(root / program) || folder_exists(root / program);
  };
  return files;
}

std::vector<Check> detect_checks(const fs::path& root, const Environment& env) {
  return detect_commands(look_at(root, env)).checks;
}

}  // namespace mixagent
