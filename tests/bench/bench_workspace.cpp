// What workspaces cost for one repository: the snapshot, the first workspace of a run, one more,
// and the collection of 22 changes (20 edits, a new file, a deleted one).
//
//   bench_workspace REPOSITORY CACHE overlays|copies
//
// One line: milliseconds of wall and of CPU for each. CACHE is used as a cold cache when it is
// empty.

#include "system/process_posix.h"
#include "workspace/workspaces.h"

#include <fmt/core.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <string>

using namespace mixagent;

namespace {

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

template <class F>
auto timed(const char* what, const F& work) {
  const auto wall = std::chrono::steady_clock::now();
  const double cpu = cpu_ms();
  auto result = work();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - wall;
  if (!result) {
    fmt::print(stderr, "{}: {}\n", what, describe(result.error()));
    std::exit(1);
  }
  fmt::print("{} {:.1f}/{:.1f}  ", what, took.count(), cpu_ms() - cpu);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "bench_workspace REPOSITORY CACHE overlays|copies\n");
    return 2;
  }
  ProcessesPosix processes;
  WorkspaceOptions options;
  options.repository = argv[1];
  options.cache = argv[2];
  options.work = options.cache / "work" / "bench";
  options.carry = {"node_modules", "build"};
  options.overlays = std::string(argv[3]) == "overlays";
  const auto workspaces = make_workspaces(options, processes);
  if (!workspaces) return 1;
  const auto snapshot = timed("snapshot", [&] { return (*workspaces)->snapshot(); });
  const auto first = timed("first", [&] { return (*workspaces)->open(snapshot->tree); });
  const auto one = timed("create", [&] { return (*workspaces)->open(snapshot->tree); });
  int edits = 0;
  for (const auto& [path, entry] : snapshot->tree) {
    if (++edits > 21) break;
    if (edits == 21)
      (void)(*one)->remove(path);
    else
      (void)(*one)->write(path, "changed\n");
  }
  (void)(*one)->write("a/new/file.txt", "new\n");
  const auto collected = timed("collect", [&] { return (*one)->collect(); });
  fmt::print("({} files, {} changes)\n", snapshot->tree.size(), collected->change.files.size());
  return 0;
}
