#include "system/git.h"

#include "support/temp_repo.h"
#include "system/process_posix.h"

#include <doctest/doctest.h>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

template <class T>
T value_of(Result<T> result) {
  REQUIRE_MESSAGE(result, describe(result.error()));
  return *std::move(result);
}

std::vector<std::string> listed(const Git& git) {
  std::vector<std::string> lines;
  for (const auto& file : value_of(git.files())) {
    lines.push_back((file.repository ? "repository "
                     : file.tracked  ? "tracked "
                                     : "untracked ") +
                    file.path);
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST_CASE("the root is the nearest folder with a .git, also through a link and in a worktree") {
  TempRepo repo;
  repo.write("a/b/c", "1");
  repo.commit_all();
  CHECK(value_of(find_repository_root(repo.root() / "a/b")) == repo.root());
  fs::create_symlink(repo.root() / "a", repo.root().parent_path() / "link");
  CHECK(value_of(find_repository_root(repo.root().parent_path() / "link")) == repo.root());
  const auto worktree = repo.root().parent_path() / "tree";
  repo.git({"worktree", "add", "-q", worktree.string()});
  CHECK(value_of(find_repository_root(worktree / "a")) == worktree);
  TempDir none;
  const auto refused = find_repository_root(none.path());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::usage);
  CHECK(refused.error().hint.find("git init") != std::string::npos);
  CHECK(find_repository_root(none.path() / "missing").error().code == ErrorCode::not_found);
}

TEST_CASE("files are tracked, untracked or repositories inside; ignored ones are not listed") {
  TempRepo repo;
  ProcessesPosix processes;
  const Git git(processes, repo.root());
  CHECK(listed(git).empty());
  repo.write(".gitignore", "*.o\n");
  repo.write("-t", "1");
  repo.write("a b\tc", "2");
  repo.write("gone", "3");
  repo.commit_all();
  fs::remove(repo.root() / "gone");
  repo.write("? odd", "4");
  repo.write("x.o", "5");
  run_test_program({"git", "init", "-q", "inner"}, repo.root());
  repo.write("inner/file", "6");
  CHECK(listed(git) == Lines{"tracked -t", "tracked .gitignore", "untracked ? odd",
                             "tracked a b\tc", "tracked gone", "repository inner"});
}

TEST_CASE("a file in conflict is listed once") {
  TempRepo repo;
  ProcessesPosix processes;
  repo.write("a", "1\n");
  repo.commit_all();
  repo.git({"checkout", "-qb", "other"});
  repo.write("a", "2\n");
  repo.commit_all();
  repo.git({"checkout", "-q", "main"});
  repo.write("a", "3\n");
  repo.commit_all();
  CHECK_THROWS(repo.git({"merge", "other"}));
  CHECK(listed(Git(processes, repo.root())) == Lines{"tracked a"});
}

TEST_CASE("facts: before the first commit, on a branch, detached, in a worktree") {
  TempRepo repo;
  ProcessesPosix processes;
  const Git git(processes, repo.root());
  auto facts = value_of(git.facts());
  CHECK(facts.head.empty());
  CHECK(facts.branch == "main");
  CHECK(facts.objects == repo.root() / ".git/objects");
  repo.write("a", "1");
  repo.commit_all();
  const auto commit = repo.git({"rev-parse", "HEAD"}).substr(0, 40);
  CHECK(value_of(git.facts()).head == commit);
  repo.git({"checkout", "-q", "--detach"});
  facts = value_of(git.facts());
  CHECK(facts.head == commit);
  CHECK(facts.branch.empty());
  const auto worktree = repo.root().parent_path() / "tree";
  repo.git({"worktree", "add", "-q", worktree.string()});
  facts = value_of(Git(processes, worktree).facts());
  CHECK(facts.objects == repo.root() / ".git/objects");
  CHECK(facts.exclude == repo.root() / ".git/info/exclude");
}

TEST_CASE("a broken .git does not fall back to a repository further up") {
  TempRepo repo;
  ProcessesPosix processes;
  repo.write("inner/.git/HEAD", "nonsense");
  const auto refused = Git(processes, repo.root() / "inner").files();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::usage);
}

}  // namespace
}  // namespace mixagent
