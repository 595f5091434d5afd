#include "system/files.h"
#include "unit/workspace/fixture.h"

#include <array>
#include <csignal>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mixagent {
namespace {

constexpr int many = 120;

// How many of the files hold the new bytes.
int delivered(const TempRepo& repo) {
  int count = 0;
  for (int i = 0; i < many; ++i) count += repo.read("f" + std::to_string(i)) == "new" ? 1 : 0;
  return count;
}

// Delivers in a process of its own, which is killed some microseconds after its record is written.
void deliver_and_die(WorkspaceFixture& f, const Change& change, int after_us) {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    (void)f.spaces().deliver(change, [&]() -> Result<void> {
      if (::write(pipe[1], "x", 1) != 1) return fail(ErrorCode::io, "pipe");
      return {};
    });
    ::pause();
    ::_exit(0);
  }
  ::close(pipe[1]);
  char mark = 0;
  REQUIRE(::read(pipe[0], &mark, 1) == 1);
  ::close(pipe[0]);
  ::usleep(static_cast<useconds_t>(after_us));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

// The child holds the lock of deliveries for as long as it lives.
void wait_for_its_child(const WorkspaceFixture& f) {
  for (int tries = 0; tries < 3000; ++tries) {
    const auto lock = value_of(FileLock::try_take(f.options.cache / "deliver.lock"));
    if (lock) return;
    ::usleep(10'000);
  }
  FAIL("the child that renames does not end");
}

TEST_CASE(
    "a delivery that has begun ends, also when its process is killed; what had not begun is begun "
    "again") {
  WorkspaceFixture f;
  for (int i = 0; i < many; ++i) f.repo.write("f" + std::to_string(i), "old");
  const auto base = f.snapshot();
  Change change;
  for (const auto& [path, entry] : base.tree)
    change.files.push_back(f.file_change(path, base.tree, "new"));
  for (const int after_us : {0, 100, 300, 1'000, 3'000, 10'000, 50'000}) {
    CAPTURE(after_us);
    for (int i = 0; i < many; ++i) f.repo.write("f" + std::to_string(i), "old");
    deliver_and_die(f, change, after_us);
    wait_for_its_child(f);
    CHECK(delivered(f.repo) % many == 0);
    CHECK(f.deliver(change).conflicts.empty());
    CHECK(delivered(f.repo) == many);
    CHECK(listing_of(f.repo.root()).find(".mixagent-") == std::string::npos);
  }
}

TEST_CASE("steps on threads work in copies at the same time") {
  WorkspaceFixture f;
  for (int i = 0; i < 20; ++i) f.repo.write("f" + std::to_string(i), std::to_string(i));
  const auto base = f.snapshot();
  auto& spaces = f.spaces();
  std::array<std::string, 4> trouble;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < trouble.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 5; ++round) {
        auto copy = spaces.open(base.tree);
        const auto name = "made-" + std::to_string(t);
        if (!copy || !(*copy)->write(name, name) || !(*copy)->write("f1", name))
          trouble[t] = "write";
        const auto collected =
            copy ? (*copy)->collect() : Result<Collected>(fail(ErrorCode::io, "none"));
        const Paths expected = {"M f1", "A " + name};
        if (!collected || paths_of(collected->change) != expected) trouble[t] = "collect";
        if (!collected || !spaces.merge(base.tree, base.tree, collected->tree))
          trouble[t] = "merge";
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(trouble == std::array<std::string, 4>{});
}

}  // namespace
}  // namespace mixagent
