#include "system/signals.h"

#include "system/process_posix.h"

#include <doctest/doctest.h>

#include <chrono>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mixagent {
namespace {

TEST_CASE("the first signal asks for a stop and is remembered") {
  for (const int number : {SIGINT, SIGTERM}) {
    std::stop_source stop;
    SignalStop signals(stop);
    CHECK(signals.signal() == 0);
    raise(number);
    for (int i = 0; i < 1000 && !stop.stop_requested(); ++i) usleep(1000);
    CHECK(stop.stop_requested());
    CHECK(signals.signal() == number);
  }
}

TEST_CASE("the second signal kills this process and its children at once") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    std::stop_source stop;
    SignalStop signals(stop);
    const std::string mine = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(ends[1]);
    std::thread runner([&] {
      Command command;
      command.argv = {"/bin/bash", "-c", "trap '' TERM INT; echo $$ > " + mine + "; sleep 1000"};
      ProcessesPosix processes;
      const auto exit = processes.run(command, {});
    });
    pause();  // until the first signal
    pause();
    runner.join();
    _exit(0);
  }
  close(ends[1]);
  char text[32] = {};
  REQUIRE(read(ends[0], text, sizeof text - 1) > 0);  // the grandchild runs
  close(ends[0]);
  kill(child, SIGINT);
  usleep(50'000);
  kill(child, SIGTERM);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 128 + SIGTERM);
  const pid_t grandchild = std::stoi(text);
  for (int i = 0; i < 500 && kill(grandchild, 0) == 0; ++i) usleep(10'000);
  CHECK(kill(grandchild, 0) != 0);
}

}  // namespace
}  // namespace mixagent
