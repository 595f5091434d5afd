#include "unit/workspace/fixture.h"

namespace mixagent {
namespace {

TEST_CASE("a step edits its copy, the change comes back and is delivered") {
  WorkspaceFixture f;
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
  const auto delivery = value_of(f.spaces().deliver(collected.change, [&]() -> Result<void> {
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
