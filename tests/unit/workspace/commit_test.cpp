#include "fixture.h"

using namespace mixagent;

namespace {

struct CommitFixture : WorkspaceFixture {
  CommitFixture() {
    repo.write("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    repo.write("b.txt", "b\n");
    repo.write("run.sh", "#!/bin/sh\n");
    repo.commit_all();
  }
  Result<Committed> commit(const Change& change, const std::string& branch = "") {
    const CommitOrder order{branch, "A change\n\nMixagent-Run: r1\n", "r1"};
    return spaces().commit(change, order, [] { return Result<void>(); });
  }
  std::string status() { return repo.git({"status", "--porcelain"}); }
  std::string shown(const std::string& what) { return repo.git({"show", "--format=", what}); }
};

TEST_CASE_FIXTURE(CommitFixture, "on top of HEAD: every kind of change, and back") {
  const auto base = snapshot().tree;
  const auto head = repo.git({"rev-parse", "HEAD"});
  Change change;
  change.files = {file_change("a.txt", base, "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n"),
                  {"b.txt", base.at("b.txt"), {}},
                  file_change("new/-x\n.txt", base, "x\n"),
                  file_change("run.sh", base, "#!/bin/sh\n", FileMode::executable)};
  const auto done = value_of(commit(change));
  CHECK(done.conflicts.empty());
  CHECK(status().empty());
  CHECK(repo.git({"rev-parse", "HEAD"}) == done.commit + "\n");
  CHECK(repo.git({"rev-parse", "HEAD^"}) == head);
  CHECK(repo.git({"diff", "--raw", "--abbrev=1", "HEAD^", "HEAD"}).find(":100644 100755") !=
        std::string::npos);
  // A second try after a kill finds the commit.
  CHECK(value_of(commit(change)).commit == done.commit);
  must(spaces().uncommit(change, "", done.commit).map([](const auto&) {}));
  CHECK(status().empty());
  CHECK(repo.git({"rev-parse", "HEAD"}) == head);
}

TEST_CASE_FIXTURE(CommitFixture,
                  "edits of the user stay uncommitted; where they overlap nothing is done") {
  repo.write("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\nmine\n");
  repo.write("b.txt", "mine\n");
  const auto base = snapshot().tree;
  Change change;
  change.files = {file_change("a.txt", base, "ours\n2\n3\n4\n5\n6\n7\n8\nmine\n")};
  const auto done = value_of(commit(change));
  CHECK(status() == " M a.txt\n M b.txt\n");
  CHECK(shown("HEAD:a.txt") == "ours\n2\n3\n4\n5\n6\n7\n8\n9\n");
  must(spaces().uncommit(change, "", done.commit).map([](const auto&) {}));
  CHECK(repo.read("a.txt") == "1\n2\n3\n4\n5\n6\n7\n8\nmine\n");

  const auto head = repo.git({"rev-parse", "HEAD"});
  Change overlapping;
  overlapping.files = {file_change("b.txt", base, "mine and ours\n")};
  CHECK(value_of(commit(overlapping)).conflicts == Paths{"b.txt"});
  CHECK(repo.read("b.txt") == "mine\n");
  CHECK(repo.git({"rev-parse", "HEAD"}) == head);
}

TEST_CASE_FIXTURE(CommitFixture, "a branch leaves everything else alone") {
  repo.write("untracked.txt", "u\n");
  const auto base = snapshot().tree;
  const auto before = repo.read(".git/refs/heads/main") + status();
  Change change;
  change.files = {file_change("a.txt", base, "A\n"), file_change("untracked.txt", base, "U\n")};
  const auto done = value_of(commit(change, "topic"));
  CHECK(status() == "?? untracked.txt\n");
  CHECK(shown("topic:a.txt") == "A\n");
  CHECK(shown("topic:untracked.txt") == "U\n");
  CHECK(repo.git({"log", "-1", "--format=%an <%ae>", "topic"}) ==
        "mixagent <mixagent@localhost>\n");
  must(spaces().uncommit(change, "topic", done.commit).map([](const auto&) {}));
  CHECK(repo.git({"branch", "--list", "topic"}).empty());
  CHECK(repo.read(".git/refs/heads/main") + status() == before);
}

TEST_CASE_FIXTURE(CommitFixture,
                  "what a commit without filters would get wrong is refused or converted") {
  repo.write(".gitattributes", "*.bin filter=lfs\n*.txt text\n");
  repo.write("x.bin", "bytes\n");
  repo.commit_all();
  const auto base = snapshot().tree;
  Change lfs, lines, staged;
  lfs.files = {file_change("x.bin", base, "other\n")};
  CHECK(code_of(commit(lfs)) == "need_input");
  lines.files = {file_change("b.txt", base, "b\r\nc\r\n")};
  CHECK(value_of(commit(lines, "lines")).conflicts.empty());
  CHECK(shown("lines:b.txt") == "b\nc\n");

  repo.write("a.txt", "staged\n");
  repo.git({"add", "a.txt"});
  repo.write("a.txt", repo.git({"show", "HEAD:a.txt"}));
  staged.files = {file_change("a.txt", snapshot().tree, "ours\n")};
  CHECK(code_of(commit(staged)) == "need_input");
  CHECK(repo.read("a.txt") == "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

TEST_CASE("a repository without commits gets its first one") {
  WorkspaceFixture f;
  f.repo.write("a.txt", "a\n");
  const auto base = f.snapshot().tree;
  Change change;
  change.files = {f.file_change("a.txt", base, "A\n")};
  const CommitOrder order{"", "First\n\nMixagent-Run: r1\n", "r1"};
  const auto done = value_of(f.spaces().commit(change, order, {}));
  CHECK(f.repo.git({"show", "HEAD:a.txt"}) == "A\n");
  must(f.spaces().uncommit(change, "", done.commit).map([](const auto&) {}));
  CHECK(f.repo.read("a.txt") == "a\n");
}

}  // namespace
