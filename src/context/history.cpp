#include "context/history.h"

#include "base/text.h"
#include "system/files.h"

namespace mixagent {

namespace {

constexpr std::size_t most_commits = 3'000, most_files = 30;
constexpr char marks_commit = '\x01';

std::string shown(const std::vector<PastCommit>& commits) {
  std::string text;
  for (const PastCommit& commit : commits) {
    text += marks_commit + commit.subject + "\n";
    for (const std::string& file : commit.files) text += file + "\n";
  }
  return text;
}

Result<std::vector<PastCommit>> read_log(const Git& git, std::vector<std::string> range) {
  std::vector<std::string> arguments = {"-c",
                                        "core.quotePath=false",
                                        "log",
                                        "--no-merges",
                                        "--no-renames",
                                        "--no-ext-diff",
                                        "--no-show-signature",
                                        "--name-only",
                                        "--format=%x01%s",
                                        "--max-count=" + std::to_string(most_commits)};
  arguments.insert(arguments.end(), range.begin(), range.end());
  arguments.emplace_back("--");
  MIX_TRY(const Exit exit, git.run(arguments));
  if (exit.code != 0) return fail(ErrorCode::process, "git log failed", git.root().string());
  return parse_history(exit.out);
}

}  // namespace

std::vector<PastCommit> parse_history(std::string_view text) {
  std::vector<PastCommit> commits;
  for (const std::string& line : split_lines(text)) {
    if (line.empty()) continue;
    if (line.front() == marks_commit) {
      commits.push_back({line.substr(1), {}});
    } else if (!commits.empty() && line.front() != '"') {  // quoted: no ordinary name
      commits.back().files.push_back(line);
    }
  }
  std::erase_if(commits, [](const PastCommit& commit) {
    return commit.files.empty() || commit.files.size() > most_files;
  });
  return commits;
}

std::vector<PastCommit> read_history(const Git& git, const std::string& commit,
                                     const std::filesystem::path& folder) {
  if (commit.empty()) return {};
  std::vector<PastCommit> known;
  std::string known_until;
  if (const auto text = read_file(folder / "history"); text && !folder.empty()) {
    const auto end = text->find('\n');
    if (end != std::string::npos) {
      known_until = text->substr(0, end);
      known = parse_history(std::string_view(*text).substr(end + 1));
    }
  }
  if (known_until == commit) return known;
  bool follows = false;
  if (!known_until.empty()) {
    const auto exit = git.run({"merge-base", "--is-ancestor", known_until, commit});
    follows = exit && exit->code == 0;
  }
  auto commits = read_log(git, follows ? std::vector<std::string>{commit, "^" + known_until}
                                       : std::vector<std::string>{commit});
  if (!commits) return {};
  if (follows) commits->insert(commits->end(), known.begin(), known.end());
  if (commits->size() > most_commits) commits->resize(most_commits);
  if (!folder.empty() && make_directories(folder)) {
    (void)write_quickly(folder / "history", commit + "\n" + shown(*commits));
  }
  return *std::move(commits);
}

}  // namespace mixagent
