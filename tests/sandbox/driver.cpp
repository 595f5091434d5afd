// sandbox_driver [-i ISOLATION] [-m MEMORY_MB] [-d DISK_MB] [-p] REPOSITORY WORKSPACE SECONDS
// COMMAND -p: print the probes instead. The workspace is used as it is; nothing is copied.

#include "base/text.h"
#include "sandbox/launch.h"
#include "sandbox/probe.h"
#include "system/process_posix.h"
#include "system/signals.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

using namespace mixagent;

int main(int argc, char** argv) {
  SandboxOptions options;
  options.environment = process_environment();
  bool probe = false;
  for (int option = 0; (option = getopt(argc, argv, "+i:m:d:p")) != -1;) {
    const std::string value = optarg != nullptr ? optarg : "";
    if (option == 'm') options.config.memory_mb = std::atoi(value.c_str());
    if (option == 'd') options.config.disk_mb = std::atoi(value.c_str());
    if (option == 'p') probe = true;
    for (std::size_t i = 0; option == 'i' && i < 4; ++i)
      if (enum_names(Isolation{})[i] == value) options.config.isolation = static_cast<Isolation>(i);
  }
  const char* home = std::getenv("HOME");
  options.home = home != nullptr ? home : "/";
  options.cache = options.home / ".cache/mixagent";
  if (argc - optind < 4) return 2;
  options.repository = std::filesystem::absolute(argv[optind]);

  harden_process();
  std::stop_source stop;
  const SignalStop signals(stop);
  ProcessesPosix processes;
  if (probe) {
    const ProbeReport report = probe_sandbox(options, processes);
    for (const ProbeLine& line : report.lines)
      std::printf("%s %s: %s %s\n", line.ok ? "ok  " : "FAIL", line.what.c_str(),
                  line.detail.c_str(), line.remedy.c_str());
    return report.ok() ? 0 : 8;
  }
  auto sandbox = make_sandbox(options, processes);
  if (!sandbox) {
    std::fprintf(stderr, "%s\n", describe(sandbox.error()).c_str());
    return 8;
  }
  SandboxCommand command;
  command.workspace = std::filesystem::absolute(argv[optind + 1]);
  command.mounted_at = options.repository;
  command.timeout = std::chrono::seconds(std::atoi(argv[optind + 2]));
  command.command = argv[optind + 3];
  // The copy has to belong to the user that commands run as.
  if (const auto uid = (*sandbox)->uid()) {
    Command chown;
    chown.argv = {"/usr/bin/chown", "-Rh", std::to_string(*uid) + ":" + std::to_string(*uid),
                  argv[optind + 1]};
    (void)processes.run(chown, {});
  }
  Cancel cancel;
  cancel.stop = stop.get_token();
  const auto result = (*sandbox)->run(command, cancel);
  if (!result) {
    std::fprintf(stderr, "%s\n", describe(result.error()).c_str());
    return result.error().code == ErrorCode::cancelled ? 128 + signals.signal() : 8;
  }
  std::fputs(escape_terminal(result->output).c_str(), stdout);
  std::fprintf(stderr, "[exit %d, %lld ms%s%s]\n", result->exit_code,
               static_cast<long long>(result->ms), result->timed_out ? ", timed out" : "",
               result->killed ? ", killed" : "");
  return result->exit_code;
}
