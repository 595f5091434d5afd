// bench_sandbox_start [N]: what one command costs in the sandbox, against starting it plainly. Wall
// time in milliseconds (median), processor time of everything that was started, per command.

#include "sandbox/launch.h"
#include "system/files.h"
#include "system/process_posix.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <sys/resource.h>
#include <unistd.h>

using namespace mixagent;

namespace {

double children_ms() {
  rusage use{};
  getrusage(RUSAGE_CHILDREN, &use);
  auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1000 + static_cast<double>(time.tv_usec) / 1000;
  };
  return ms(use.ru_utime) + ms(use.ru_stime);
}

void measure(const char* name, int times, const std::function<bool()>& once) {
  std::vector<double> wall;
  for (int i = 0; i < 5; ++i) once();
  const double cpu = children_ms();
  for (int i = 0; i < times; ++i) {
    const auto began = std::chrono::steady_clock::now();
    if (!once()) {
      std::printf("%-32s failed\n", name);
      return;
    }
    wall.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
            .count());
  }
  const double per_command = (children_ms() - cpu) / times;
  std::sort(wall.begin(), wall.end());
  const auto at = [&](std::size_t percent) { return wall[wall.size() * percent / 100]; };
  std::printf("%-32s wall %6.1f (p10 %6.1f) ms   cpu %5.2f ms\n", name, at(50), at(10),
              per_command);
}

}  // namespace

int main(int argc, char** argv) {
  const int times = argc > 1 ? std::atoi(argv[1]) : 200;
  std::string root = (std::filesystem::temp_directory_path() / "mixagent-bench-XXXXXX").string();
  if (mkdtemp(root.data()) == nullptr) return 1;
  SandboxOptions options;
  options.environment = process_environment();
  options.home = root + "/home";
  options.repository = root + "/repository";
  options.cache = root + "/cache";
  for (const auto& folder : {options.home, options.repository})
    if (!make_directories(folder)) return 1;
  ProcessesPosix processes;
  auto sandbox = make_sandbox(options, processes);
  if (!sandbox) {
    std::printf("SKIPPED: %s\n", describe(sandbox.error()).c_str());
    return 0;
  }
  if (const auto uid = (*sandbox)->uid())
    if (chown(options.repository.c_str(), *uid, *uid) != 0) return 1;
  auto spawn = [&](std::vector<std::string> words) {
    return [&processes, words = std::move(words)] {
      Command command;
      command.argv = words;
      const auto exit = processes.run(command, {});
      return exit && exit->code == 0;
    };
  };
  measure("true, plain", times, spawn({"/usr/bin/true"}));
  measure("bash -c true, plain", times, spawn({"/bin/bash", "-c", "true"}));
  measure("bash -c true, in the sandbox", times, [&] {
    SandboxCommand command;
    command.command = "true";
    command.workspace = options.repository;
    command.mounted_at = options.repository;
    const auto result = (*sandbox)->run(command, {});
    return result && result->exit_code == 0;
  });
  (void)remove_tree(root);
  return 0;
}
