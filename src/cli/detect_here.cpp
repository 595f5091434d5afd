#include "cli/detect_here.h"

#include "base/text.h"
#include "system/files.h"
#include "system/git.h"

#include <algorithm>

namespace mixagent {

namespace {

bool executable(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return !error && std::filesystem::is_regular_file(status) &&
         (status.permissions() & std::filesystem::perms::others_exec) !=
             std::filesystem::perms::none;
}

}  // namespace

Detected detect_here(const std::filesystem::path& root,
                     const std::map<std::string, std::string>& env, Processes& processes) {
  constexpr std::size_t most_bytes = 1 << 20;
  RepositoryFiles files;
  const auto listed = Git(processes, root).files();
  if (!listed) return {};
  for (const GitFile& file : *listed) files.paths.push_back(file.path);
  std::sort(files.paths.begin(), files.paths.end());
  files.read = [root](const std::string& path) -> std::optional<std::string> {
    auto text = read_file(root / path, most_bytes);
    return text ? std::optional<std::string>(std::move(*text)) : std::nullopt;
  };
  const auto path = env.find("PATH");
  const std::vector<std::string> folders =
      split(path == env.end() ? "/usr/bin:/bin" : path->second, ':');
  files.has_program = [root, folders](const std::string& program) {
    // Below the root it may be a folder: of installed packages.
    if (program.find('/') != std::string::npos)
      return executable(root / program) || folder_exists(root / program);
    return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
      return executable(std::filesystem::path(folder) / program);
    });
  };
  return detect_commands(files);
}

}  // namespace mixagent
