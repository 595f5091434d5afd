#include "system/process_posix.h"

#include "system/head_tail.h"

#include <doctest/doctest.h>

#include <atomic>
#include <fcntl.h>
#include <signal.h>
#include <thread>
#include <unistd.h>

namespace mixagent {
namespace {

Command shell(std::string script) {
  Command command;
  command.argv = {"bash", "-c", std::move(script)};
  command.env = {{"PATH", "/usr/bin:/bin"}};
  return command;
}

Exit run(const Command& command, const Cancel& cancel = {}) {
  ProcessesPosix processes;
  auto exit = processes.run(command, cancel);
  REQUIRE_MESSAGE(exit.has_value(), (exit ? "" : exit.error().what));
  return *exit;
}

// Killed is not yet gone: its new parent has to collect it.
bool gone(pid_t pid) {
  for (int i = 0; i < 500 && kill(pid, 0) == 0; ++i) usleep(10'000);
  return kill(pid, 0) != 0;
}

TEST_CASE("exit codes, signals and both streams") {
  struct Case {
    const char* script;
    int code, signal;
    std::string out, err;
  };
  for (const Case& c : std::vector<Case>{
           {"echo one; echo two >&2", 0, 0, "one\n", "two\n"},
           {"exit 7", 7, 0, "", ""},
           {"kill -9 $$", 137, 9, "", ""},
           {"kill -15 $$", 143, 15, "", ""},
           {"printf 'a\\0b'", 0, 0, std::string("a\0b", 3), ""},
       }) {
    const Exit exit = run(shell(c.script));
    CHECK(exit.code == c.code);
    CHECK(exit.signal == c.signal);
    CHECK(exit.out == c.out);
    CHECK(exit.err == c.err);
    CHECK_FALSE((exit.timed_out || exit.cancelled || exit.flooded));
  }
}

TEST_CASE("the child gets exactly its environment, folder and input") {
  setenv("MIXAGENT_TEST_SECRET", "s3cret", 1);
  Command command = shell("env | sort; pwd; cat");
  command.env.emplace_back("A", "b c");
  command.cwd = "/usr";
  command.input = std::string(300'000, 'x');
  const std::string out = run(command).out;
  CHECK(out.find("s3cret") == std::string::npos);
  CHECK(out.find("A=b c\n") == 0);
  CHECK(out.find("\n/usr\n") != std::string::npos);
  CHECK(out.size() > 300'000);
  CHECK(run(shell("cat; echo end")).out == "end\n");
}

TEST_CASE("merged streams keep their order") {
  Command command = shell("echo 1; echo 2 >&2; echo 3; echo 4 >&2");
  command.merge_stderr = true;
  const Exit exit = run(command);
  CHECK(exit.out == "1\n2\n3\n4\n");
  CHECK(exit.err.empty());
}

TEST_CASE("a new session, default signals") {
  signal(SIGPIPE, SIG_IGN);
  const Exit exit =
      run(shell("[ $(ps -o sid= -p $$) = $$ ] && echo session; "
                "ignored=0x$(awk '/SigIgn/ {print $2}' /proc/self/status); "
                "(( ignored & (1 << (13 - 1)) )) || echo pipe"));
  signal(SIGPIPE, SIG_DFL);
  CHECK(exit.out == "session\npipe\n");
}

TEST_CASE("no other descriptors, further ones carry content in, a report comes back") {
  const int leaked = open("/etc/hostname", O_RDONLY);  // on purpose without O_CLOEXEC
  // The third one is the folder that ls itself has open.
  CHECK(run(shell("exec ls /proc/self/fd")).out == "0\n1\n2\n3\n");

  Command command = shell("cat <&5; cat <&9; echo told >&7; exec ls /proc/self/fd");
  command.extra_fds = {{5, "five "}, {9, std::string(100'000, 'n')}};
  command.report_fd = 7;
  const Exit exit = run(command);
  CHECK(exit.out == "five " + std::string(100'000, 'n') + "0\n1\n2\n3\n5\n7\n9\n");
  CHECK(exit.report == "told\n");
  close(leaked);
}

TEST_CASE("a program that is not there says so") {
  ProcessesPosix processes;
  Command command;
  command.argv = {"no-such-program-here"};
  command.env = {{"PATH", "/usr/bin"}};
  auto exit = processes.run(command, {});
  REQUIRE_FALSE(exit);
  CHECK(exit.error().code == ErrorCode::process);
  CHECK(exit.error().what.find("/usr/bin") != std::string::npos);

  command.argv = {"/bin/true"};
  command.cwd = "/no/such/folder";
  exit = processes.run(command, {});
  REQUIRE_FALSE(exit);
  CHECK(exit.error().what.find("/no/such/folder") != std::string::npos);
}

TEST_CASE("the timeout ends the whole group, also one that ignores SIGTERM") {
  Command command = shell("trap '' TERM; sleep 1000 & echo $!; wait; wait; sleep 1000");
  command.timeout = std::chrono::milliseconds(200);
  const Exit exit = run(command);
  CHECK(exit.timed_out);
  CHECK(exit.signal == SIGKILL);
  CHECK(gone(std::stoi(exit.out)));

  command = shell("trap 'echo bye; exit 3' TERM; sleep 1000 & wait");
  command.timeout = std::chrono::milliseconds(200);
  const Exit polite = run(command);
  CHECK(polite.timed_out);
  CHECK(polite.code == 3);
  CHECK(polite.out == "bye\n");

  command = shell("kill -STOP $$");
  command.timeout = std::chrono::milliseconds(100);
  CHECK(run(command).timed_out);
}

TEST_CASE("cancel by stop and by deadline") {
  std::stop_source stop;
  Cancel cancel;
  cancel.stop = stop.get_token();
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  const Exit exit = run(shell("sleep 1000"), cancel);
  other.join();
  CHECK(exit.cancelled);
  CHECK(exit.signal == SIGTERM);

  Cancel late;
  late.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
  CHECK(run(shell("sleep 1000"), late).cancelled);

  ProcessesPosix processes;
  auto never = processes.run(shell("true"), cancel);
  REQUIRE_FALSE(never);
  CHECK(never.error().code == ErrorCode::cancelled);
}

TEST_CASE("a flood is drained in constant memory, then killed") {
  Command command = shell("head -c 3000000 /dev/zero | tr '\\0' x; echo END");
  command.keep_head = 10;
  command.keep_tail = 5;
  const Exit kept = run(command);
  CHECK(kept.code == 0);
  CHECK(kept.dropped == 3'000'004 - 15);
  CHECK(kept.out == "xxxxxxxxxx\n[... 2999989 bytes left out ...]\nxEND\n");

  command = shell("yes");
  command.kill_after = 1 << 20;
  command.keep_head = command.keep_tail = 100;
  const Exit flood = run(command);
  CHECK(flood.flooded);
  CHECK(flood.code == 143);
  CHECK(flood.out.size() < 300);
}

TEST_CASE("what stays behind neither hangs the caller nor outlives it in the group") {
  const Exit exit = run(shell("sleep 1000 & echo $!"));
  CHECK(exit.code == 0);
  CHECK(gone(std::stoi(exit.out)));

  // A daemon of its own session holds the pipe: it is left alone, and does not hang us.
  const Exit daemon = run(shell("setsid sleep 5 & echo started"));
  CHECK(daemon.code == 0);
  CHECK(daemon.out == "started\n");
}

TEST_CASE("many at once, from many threads") {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&good, t] {
      for (int i = 0; i < 10; ++i) {
        Command command = shell("read line; echo $line$line; exit " + std::to_string(t));
        command.input = std::to_string(i) + "\n";
        ProcessesPosix processes;
        const auto exit = processes.run(command, {});
        const std::string twice = std::to_string(i) + std::to_string(i) + "\n";
        good += exit && exit->code == t && exit->out == twice;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(good == 80);
}

TEST_CASE("HeadTail keeps both ends whatever the pieces are") {
  std::string all;
  for (int i = 0; i < 1000; ++i) all += std::to_string(i) + ",";
  for (std::size_t head : {0u, 7u, 5000u})
    for (std::size_t tail : {0u, 1u, 11u, 5000u})
      for (std::size_t piece : {1u, 3u, 64u, 5000u}) {
        HeadTail kept(head, tail);
        for (std::size_t at = 0; at < all.size(); at += piece)
          kept.add(std::string_view(all).substr(at, piece));
        std::string expected = all;
        if (head + tail < all.size())
          expected = all.substr(0, head) + "\n[... " + std::to_string(all.size() - head - tail) +
                     " bytes left out ...]\n" + all.substr(all.size() - tail);
        CHECK(kept.text() == expected);
      }
}

}  // namespace
}  // namespace mixagent
