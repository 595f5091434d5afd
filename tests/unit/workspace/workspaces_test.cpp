#include "support/temp_repo.h"
#include "system/process_posix.h"
#include "workspace/workspaces.h"

#include <doctest/doctest.h>

#include <sys/stat.h>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

struct Fixture {
  TempRepo repo;
  TempDir folders;
  ProcessesPosix processes;
  std::unique_ptr<Workspaces> workspaces;

  WorkspaceOptions options() const {
    WorkspaceOptions options;
    options.repository = repo.root();
    options.cache = folders.path() / "cache";
    options.work = folders.path() / "work" / "run";
    options.carry = {"node_modules", "target"};
    return options;
  }
  Workspaces& open() {
    workspaces.reset();
    auto made = make_workspaces(options(), processes);
    REQUIRE_MESSAGE(made, describe(made.error()));
    workspaces = *std::move(made);
    return *workspaces;
  }
  Snapshot snapshot() {
    auto taken = (workspaces ? *workspaces : open()).snapshot();
    REQUIRE_MESSAGE(taken, describe(taken.error()));
    return *std::move(taken);
  }
  std::unique_ptr<Workspace> copy(const Tree& tree) {
    auto opened = workspaces->open(tree);
    REQUIRE_MESSAGE(opened, describe(opened.error()));
    return *std::move(opened);
  }
};

template <class T>
T value_of(Result<T> result) {
  REQUIRE_MESSAGE(result, describe(result.error()));
  return *std::move(result);
}

std::vector<std::string> paths_of(const Tree& tree) {
  std::vector<std::string> paths;
  for (const auto& [path, entry] : tree) paths.push_back(path);
  return paths;
}

std::vector<std::string> paths_of(const Change& change) {
  std::vector<std::string> paths;
  for (const auto& file : change.files) {
    paths.push_back((file.before ? (file.after ? "M " : "D ") : "A ") + file.path);
  }
  return paths;
}

using Paths = std::vector<std::string>;

TEST_CASE("a step edits its copy, the change comes back and is delivered") {
  Fixture f;
  f.repo.write("src/a.py", "one\ntwo\n");
  f.repo.write("run.sh", "#!/bin/sh\n");
  fs::permissions(f.repo.root() / "run.sh", fs::perms(0755));
  f.repo.commit_all();
  f.repo.write("notes.txt", "untracked\n");

  const auto base = f.snapshot();
  CHECK(paths_of(base.tree) == Paths{"notes.txt", "run.sh", "src/a.py"});
  CHECK(base.tree.at("run.sh").mode == FileMode::executable);

  auto copy = f.copy(base.tree);
  CHECK(value_of(copy->read("./src/a.py")) == "one\ntwo\n");
  REQUIRE(copy->write("src/a.py", "one\n2\n"));
  REQUIRE(copy->write("src/deep/b.py", "new\n"));
  REQUIRE(copy->remove("notes.txt"));
  CHECK(value_of(copy->list()) == Paths{"run.sh", "src/a.py", "src/deep/b.py"});
  const auto collected = value_of(copy->collect());
  CHECK(collected.refusals.empty());
  CHECK(paths_of(collected.change) == Paths{"D notes.txt", "M src/a.py", "A src/deep/b.py"});

  bool recorded = false;
  const auto delivery = value_of(f.workspaces->deliver(collected.change, [&]() -> Result<void> {
    recorded = true;
    CHECK(f.repo.read("src/a.py") == "one\ntwo\n");
    return {};
  }));
  CHECK(recorded);
  CHECK(delivery.conflicts.empty());
  CHECK(delivery.files == Paths{"notes.txt", "src/a.py", "src/deep/b.py"});
  CHECK(f.repo.read("src/a.py") == "one\n2\n");
  CHECK(f.repo.read("src/deep/b.py") == "new\n");
  CHECK(f.repo.read("notes.txt") == "<missing>");
  CHECK(f.snapshot().id == collected.id);
}

}  // namespace
}  // namespace mixagent
