#include "system/git.h"

#include "base/text.h"
#include "system/files.h"

#include <algorithm>
#include <cstdlib>

namespace mixagent {
namespace {

constexpr std::size_t listing_limit = std::size_t{1} << 30;

std::vector<std::pair<std::string, std::string>> clean_environment(
    const std::filesystem::path& root) {
  std::vector<std::pair<std::string, std::string>> env = {
      {"LC_ALL", "C"},
      {"GIT_TERMINAL_PROMPT", "0"},
      {"GIT_OPTIONAL_LOCKS", "0"},  // never write the user's index
      {"GIT_NO_LAZY_FETCH", "1"},
      {"GIT_ASKPASS", ""},
      {"GIT_PAGER", "cat"},
      // A broken .git here must not fall back to a repository further up.
      {"GIT_CEILING_DIRECTORIES", root.parent_path().string()},
  };
  // The user's own ignore file is found through these.
  for (const char* name : {"PATH", "HOME", "XDG_CONFIG_HOME"}) {
    if (const char* value = std::getenv(name)) env.emplace_back(name, value);
  }
  return env;
}

Error git_failed(const Exit& exit, const std::filesystem::path& root) {
  const auto why = std::string(trim(exit.err));
  if (why.find("not a git repository") != std::string::npos) {
    return fail(ErrorCode::usage, "not a git repository", root.string(),
                "make one with `git init`; a repository without commits works")
        .value();
  }
  return fail(ErrorCode::process,
              "git failed: " + (why.empty() ? "status " + std::to_string(exit.code) : why),
              root.string(), "see what `git status` says there")
      .value();
}

bool is_commit(const std::string& text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// "H 100644 <id> 0\tpath" is tracked, "? path" is not; a trailing slash is a repository inside.
GitFile parse_listed(const std::string& record) {
  GitFile file;
  const auto tab = record.find('\t');
  file.tracked = record.compare(0, 2, "? ") != 0;
  file.path = file.tracked && tab != std::string::npos ? record.substr(tab + 1) : record.substr(2);
  file.repository = file.tracked ? record.compare(2, 6, "160000") == 0 : file.path.back() == '/';
  if (file.path.back() == '/') file.path.pop_back();
  return file;
}

}  // namespace

Result<Exit> Git::run(const std::vector<std::string>& arguments, const Cancel& cancel) const {
  return run_with(arguments, {}, {}, cancel);
}

Result<Exit> Git::run_with(const std::vector<std::string>& arguments,
                           const std::optional<std::string>& input,
                           const std::vector<std::pair<std::string, std::string>>& env,
                           const Cancel& cancel) const {
  Command command;
  command.argv = {"git",
                  "-c",
                  "core.fsmonitor=false",
                  "-c",
                  "core.hooksPath=/dev/null",
                  "-c",
                  "safe.directory=" + root_.string(),
                  "-c",
                  "credential.helper=",
                  "-c",
                  "protocol.allow=never"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.cwd = root_;
  command.env = clean_environment(root_);
  command.env.insert(command.env.end(), env.begin(), env.end());
  command.input = input;
  command.keep_head = command.kill_after = listing_limit;
  command.timeout = std::chrono::minutes(5);
  MIX_TRY(auto exit, processes_.run(command, cancel));
  if (exit.cancelled)
    return fail(ErrorCode::cancelled, "stopped while git was running", root_.string());
  if (exit.timed_out || exit.flooded) {
    return fail(ErrorCode::process,
                exit.timed_out ? "git did not end in 5 minutes" : "git lists too many files",
                root_.string(), "try `git status` there");
  }
  return exit;
}

Result<std::vector<GitFile>> Git::files(const Cancel& cancel) const {
  MIX_TRY(
      const auto exit,
      run({"ls-files", "-z", "-t", "-s", "--cached", "--others", "--exclude-standard"}, cancel));
  if (exit.code != 0) return fail(git_failed(exit, root_));
  std::vector<GitFile> files;
  for (std::size_t begin = 0; begin < exit.out.size();) {
    auto end = exit.out.find('\0', begin);
    if (end == std::string::npos) end = exit.out.size();
    if (end > begin + 2) files.push_back(parse_listed(exit.out.substr(begin, end - begin)));
    begin = end + 1;
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  // A file in conflict is listed once a stage.
  const auto same = [](const auto& a, const auto& b) { return a.path == b.path; };
  files.erase(std::unique(files.begin(), files.end(), same), files.end());
  return files;
}

Result<GitFacts> Git::facts(const Cancel& cancel) const {
  MIX_TRY(const auto paths, run({"rev-parse", "--path-format=absolute", "--git-path", "objects",
                                 "--git-path", "shallow", "--git-path", "info/exclude"},
                                cancel));
  const auto lines = split_lines(paths.out);
  if (paths.code != 0 || lines.size() != 3) return fail(git_failed(paths, root_));
  GitFacts facts;
  facts.objects = lines[0];
  facts.shallow = lines[1];
  facts.exclude = lines[2];
  MIX_TRY(const auto head, run({"rev-parse", "--quiet", "--verify", "HEAD^{commit}"}, cancel));
  const auto commit = std::string(trim(head.out));
  if (head.code == 0 && is_commit(commit)) facts.head = commit;
  MIX_TRY(const auto branch, run({"symbolic-ref", "--quiet", "--short", "HEAD"}, cancel));
  if (branch.code == 0) facts.branch = std::string(trim(branch.out));
  MIX_TRY(const auto ignore, run({"config", "--type=path", "--get", "core.excludesFile"}, cancel));
  if (ignore.code == 0) {
    facts.global_ignore = std::string(trim(ignore.out));
  } else if (const char* config = std::getenv("XDG_CONFIG_HOME");
             config != nullptr && *config != '\0') {
    facts.global_ignore = std::filesystem::path(config) / "git/ignore";
  } else if (const char* home = std::getenv("HOME")) {
    facts.global_ignore = std::filesystem::path(home) / ".config/git/ignore";
  }
  return facts;
}

Result<std::filesystem::path> find_repository_root(const std::filesystem::path& start) {
  std::error_code none;
  auto folder = std::filesystem::canonical(start, none);
  if (none) return fail(ErrorCode::not_found, "no such folder", start.string());
  for (;; folder = folder.parent_path()) {
    const auto git = folder / ".git";
    if (file_exists(git) || file_exists(git / "HEAD")) return folder;
    if (folder == folder.parent_path()) break;
  }
  return fail(ErrorCode::usage, "not a git repository (nor any folder above)", start.string(),
              "make one with `git init`; a repository without commits works");
}

}  // namespace mixagent
