#include "unit/workspace/fixture.h"

namespace mixagent {
namespace {

TEST_CASE("what a setup leaves in ignored folders comes along, once for each state of its inputs") {
  WorkspaceFixture f;
  f.options.setup_inputs = {"*.lock"};
  f.options.carry = {"node_modules"};
  f.repo.write(".gitignore", "node_modules/\n");
  f.repo.write("a.lock", "one");
  f.repo.write("code", "x");
  f.repo.write("node_modules/old", "live");
  const auto base = f.snapshot().tree;
  int times = 0;
  auto setup = [&](const std::string& text) {
    return [&times, text](Workspace& workspace) -> Result<void> {
      ++times;
      MIX_OK(workspace.write("node_modules/installed", text));
      return workspace.write("code", "spoilt");
    };
  };
  must(f.spaces().prepare(base, setup("for one")));
  must(f.spaces().prepare(base, setup("again")));
  CHECK(times == 1);
  auto copy = f.copy(base);
  CHECK(value_of(copy->read("node_modules/installed")) == "for one");
  CHECK(value_of(copy->read("node_modules/old")) == "live");
  CHECK(value_of(copy->read("code")) == "x");
  CHECK(value_of(copy->collect()).change.empty());

  must(copy->write("code", "y"));
  const auto other_code = value_of(copy->collect()).tree;
  CHECK(value_of(f.copy(other_code)->read("node_modules/installed")) == "for one");
  must(copy->write("a.lock", "two"));
  const auto other_lock = value_of(copy->collect()).tree;
  CHECK(code_of(f.copy(other_lock)->read("node_modules/installed")) == "not_found");
  must(f.spaces().prepare(other_lock, setup("for two")));
  CHECK(value_of(f.copy(other_lock)->read("node_modules/installed")) == "for two");
  CHECK(value_of(f.copy(base)->read("node_modules/installed")) == "for one");
  CHECK_FALSE(fs::exists(f.repo.root() / "node_modules/installed"));
}

TEST_CASE("a setup that breaks off is not taken for done") {
  WorkspaceFixture f;
  f.repo.write("code", "x");
  const auto base = f.snapshot().tree;
  CHECK(code_of(f.spaces().prepare(base, [](Workspace&) {
          return Result<void>(fail(ErrorCode::cancelled, "stopped"));
        })) == "cancelled");
  int times = 0;
  must(f.spaces().prepare(base, [&](Workspace&) {
    ++times;
    return Result<void>();
  }));
  CHECK(times == 1);
}

TEST_CASE("the user's .git never comes along") {
  WorkspaceFixture f;
  f.options.carry = {".git", ".GIT", "sub/.git"};
  f.repo.write("code", "x");
  f.repo.write(".git/marker", "x");
  auto copy = f.copy(f.snapshot().tree);
  CHECK_FALSE(fs::exists(copy->directory() / ".git/marker"));
}

}  // namespace
}  // namespace mixagent
