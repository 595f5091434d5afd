// What a command can reach, do and leave behind, tried with real commands. Everything is checked
// from outside.

#include "base/text.h"
#include "sandbox/cgroup.h"
#include "sandbox/launch.h"
#include "sandbox/probe.h"
#include "system/files.h"
#include "system/process_posix.h"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mixagent {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// A repository with a secret beside it, and a workspace that commands may write.
class Ground {
 public:
  explicit Ground(Isolation isolation = Isolation::full) {
    std::string path = (fs::temp_directory_path() / "mixagent-walls-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    root_ = fs::canonical(path);
    fs::permissions(root_, fs::perms(0755));
    for (const char* folder : {"home/.ssh", "home/repo", "work", "outside", "cache"})
      fs::create_directories(root_ / folder);
    std::ofstream(root_ / "home/.ssh/id") << "SECRET-FILE\n";
    std::ofstream(root_ / "home/repo/live") << "SECRET-LIVE\n";
    setenv("TEST_API_KEY", "SECRET-ENV", 1);
    options_.config.isolation = isolation;
    options_.home = root_ / "home";
    options_.repository = root_ / "home/repo";
    options_.cache = root_ / "cache";
    options_.environment = process_environment();
  }
  ~Ground() { (void)remove_tree(root_); }
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;

  SandboxOptions& options() { return options_; }
  fs::path path(const std::string& below) const { return root_ / below; }

  // False, with a loud line, where the kernel or a container forbids it.
  bool open() {
    auto made = make_sandbox(options_, processes_);
    if (!made) {
      std::printf("SKIPPED: %s\n", describe(made.error()).c_str());
      return false;
    }
    sandbox_ = *std::move(made);
    if (const auto uid = sandbox_->uid()) REQUIRE(chown(path("work").c_str(), *uid, *uid) == 0);
    return true;
  }
  Sandbox& sandbox() { return *sandbox_; }

  SandboxCommand command(std::string script) const {
    SandboxCommand command;
    command.command = std::move(script);
    command.workspace = path("work");
    command.mounted_at = options_.repository;
    command.timeout = milliseconds(60'000);
    return command;
  }
  CommandResult run(std::string script) { return run(command(std::move(script))); }
  CommandResult run(const SandboxCommand& command) {
    auto result = sandbox_->run(command, {});
    REQUIRE_MESSAGE(result.has_value(), (result ? "" : describe(result.error())));
    return *result;
  }

 private:
  fs::path root_;
  SandboxOptions options_;
  ProcessesPosix processes_;
  std::unique_ptr<Sandbox> sandbox_;
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Processes on this machine whose command line holds `mark`.
int marked(const std::string& mark) {
  int count = 0;
  DIR* proc = opendir("/proc");
  while (const dirent* entry = readdir(proc)) {
    char line[4096];
    const std::string path = std::string("/proc/") + entry->d_name + "/cmdline";
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    const ssize_t got = read(fd, line, sizeof line);
    close(fd);
    if (got > 0) count += contains(std::string(line, static_cast<std::size_t>(got)), mark);
  }
  closedir(proc);
  return count;
}

TEST_CASE("files outside can be neither read nor written") {
  Ground ground;
  if (!ground.open()) return;
  const std::string home = ground.path("home"), outside = ground.path("outside");
  const auto result = ground.run(
      "cat " + home + "/.ssh/id ~/.ssh/id /etc/shadow; ls -A ~ " + ground.path("cache").string() +
      "; cat live; touch " + outside + "/x; ln -s " + outside +
      " out; touch out/y /usr/x /etc/x /x; touch here ~/mine /tmp/t; echo DONE");
  CHECK(contains(result.output, "DONE"));
  CHECK_FALSE(contains(result.output, "SECRET"));
  CHECK(fs::is_empty(outside));
  CHECK(fs::exists(ground.path("work/here")));
  CHECK_FALSE(fs::exists(ground.path("home/mine")));
  CHECK_FALSE(fs::exists("/tmp/t"));
}

TEST_CASE("the workspace stands at the repository's own path") {
  Ground ground;
  if (!ground.open()) return;
  fs::create_directories(ground.path("work/sub"));
  SandboxCommand command = ground.command("pwd; cd ..; pwd");
  command.cwd = "sub";
  CHECK(ground.run(command).output ==
        ground.path("home/repo/sub").string() + "\n" + ground.path("home/repo").string() + "\n");

  command.cwd = "missing";
  const auto missing = ground.run(command);
  CHECK(missing.exit_code == 126);
  CHECK(contains(missing.output, "cannot enter"));
  for (const char* bad : {"..", "/", "/etc", "a/../.."}) {
    command.cwd = bad;
    const auto refused = ground.sandbox().run(command, {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::denied);
  }
}

TEST_CASE("no key is seen, in the environment or in other processes") {
  Ground ground;
  if (!ground.open()) return;
  SandboxCommand command = ground.command(
      "env; cat /proc/*/environ; ls /proc | grep -c '^[0-9]'; echo $EXTRA; ls -l /proc/self/fd");
  command.env = {{"EXTRA", "given"}, {"CI", "2"}};
  const auto result = ground.run(command);
  CHECK_FALSE(contains(result.output, "SECRET-ENV"));
  CHECK(contains(result.output, "CI=2\n"));
  CHECK(contains(result.output, "\ngiven\n"));
  CHECK_FALSE(contains(result.output, "memfd"));
}

TEST_CASE("never root, no privileges, filtered, pid 1 too") {
  Ground ground;
  if (!ground.open()) return;
  const auto result = ground.run(
      "[ $(id -u) != 0 ] && echo USER; grep -E "
      "'^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' "
      "/proc/self/status; grep '^Seccomp:' /proc/1/status; (exec 3</proc/1/mem) && echo MEM; ls "
      "/proc/1/fd && echo FDS; "
      "unshare -Ur true && echo USERNS; mount -t tmpfs x /tmp && echo MOUNT; "
      "(exec 3>/proc/sys/kernel/core_pattern) && echo SYSCTL; kill -9 1; kill -STOP 1; echo ALIVE");
  const std::string none = "0000000000000000\n";
  CHECK(contains(result.output, "USER\nCapInh:\t" + none + "CapPrm:\t" + none + "CapEff:\t" + none +
                                    "CapBnd:\t" + none + "CapAmb:\t" + none +
                                    "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp:\t2\n"));
  for (const char* hole : {"MEM", "FDS", "USERNS", "MOUNT", "SYSCTL"})
    CHECK_MESSAGE(!contains(result.output, hole), hole);
  CHECK(contains(result.output, "ALIVE"));
}

// A listener that counts who gets through.
class Listener {
 public:
  Listener() {
    REQUIRE(bind(tcp_, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) == 0);
    socklen_t size = sizeof address_;
    getsockname(tcp_, reinterpret_cast<sockaddr*>(&address_), &size);
    listen(tcp_, 5);
  }
  ~Listener() { close(tcp_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  int port() const { return ntohs(address_.sin_port); }
  bool reached() const {
    const int got = accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
    if (got >= 0) close(got);
    return got >= 0;
  }

 private:
  int tcp_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address_ = [] {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return any;
  }();
};

TEST_CASE("no network but its own loopback") {
  Ground ground;
  if (!ground.open()) return;
  const Listener listener;
  const auto result = ground.run("(exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(listener.port()) +
                                 ") 2>/dev/null && echo HOST; tail -n +3 /proc/net/dev | cut -d: "
                                 "-f1; cat /proc/net/route | wc -l");
  CHECK_FALSE(contains(result.output, "HOST"));
  CHECK_FALSE(listener.reached());
  CHECK(result.output == "    lo\n1\n");

  const auto server = ground.run(
      "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalAddr => "
      "\"127.0.0.1\") or die; "
      "if (!fork) { $c = $s->accept; print $c \"hello\\n\"; exit } "
      "print IO::Socket::INET->new(PeerAddr => \"127.0.0.1\", PeerPort => $s->sockport)->getline'");
  CHECK(server.output == "hello\n");
}

TEST_CASE("a socket of the host cannot be reached by its path") {
  Ground ground;
  if (!ground.open()) return;
  const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = ground.path("outside/s");
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(chmod(path.c_str(), 0777) == 0);
  listen(server, 1);
  ground.run("perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un(\"" +
             path + "\")) and print S 1'");
  CHECK(accept(server, nullptr, nullptr) < 0);
  close(server);
}

TEST_CASE("whatever is left behind is dead when run returns") {
  Ground ground;
  if (!ground.open()) return;
  const std::string mark = "mixmark" + std::to_string(getpid());
  const std::string daemon =
      "perl -MPOSIX -e '$SIG{$_} = \"IGNORE\" for qw(TERM INT HUP); $0 = \"" + mark +
      "\"; exit if fork; setsid; exit if fork; close STDOUT; close STDERR; sleep 1000'";
  const auto result = ground.run(daemon + "; sleep 0.2; echo STARTED");
  CHECK(result.output == "STARTED\n");
  CHECK(marked(mark) == 0);

  SandboxCommand slow =
      ground.command(daemon + "; trap '' TERM; kill -STOP $PPID 0; sleep 1000; sleep 1000");
  slow.timeout = milliseconds(700);
  const auto late = ground.run(slow);
  CHECK(late.timed_out);
  CHECK(late.exit_code == 124);
  CHECK(marked(mark) == 0);

  std::stop_source stop;
  Cancel cancel;
  cancel.stop = stop.get_token();
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(500));
    stop.request_stop();
  });
  const auto cancelled = ground.sandbox().run(ground.command(daemon + "; sleep 1000"), cancel);
  other.join();
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == ErrorCode::cancelled);
  CHECK(marked(mark) == 0);
}

TEST_CASE("everything dies with a mixagent that is killed") {
  for (const Isolation isolation : {Isolation::full, Isolation::external}) {
    Ground ground(isolation);
    if (!ground.open()) return;
    const std::string mark = "mixorphan" + std::to_string(getpid());
    const pid_t child = fork();
    if (child == 0) {
      (void)ground.sandbox().run(
          ground.command("perl -MPOSIX -e '$SIG{$_} = \"IGNORE\" for qw(TERM INT HUP); $0 = \"" +
                         mark + "\"; setsid; sleep 1000'; sleep 1000"),
          {});
      _exit(0);
    }
    for (int i = 0; i < 500 && marked(mark) == 0; ++i)
      std::this_thread::sleep_for(milliseconds(20));
    CHECK(marked(mark) > 0);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    for (int i = 0; i < 500 && marked(mark) > 0; ++i) std::this_thread::sleep_for(milliseconds(20));
    CHECK(marked(mark) == 0);
  }
}

TEST_CASE("exit codes are the command's own") {
  Ground ground;
  if (!ground.open()) return;
  for (const int code : {0, 1, 42, 124, 125, 126, 127, 255}) {
    const auto result = ground.run("exit " + std::to_string(code));
    CHECK(result.exit_code == code);
    CHECK_FALSE((result.timed_out || result.killed));
  }
  CHECK(ground.run("kill -9 $$").exit_code == 137);
  CHECK_FALSE(ground.run("kill -9 $$").killed);
  CHECK(ground.run("no-such-program-here").exit_code == 127);
  CHECK(ground.run("kill -TERM -1; exit 3").exit_code == 3);  // pid 1 takes no orders from inside
  CHECK(ground.run(std::string(200'000, '#')).exit_code == 126);
}

TEST_CASE("a fork bomb stays in its cage") {
  Ground ground;
  ground.options().config.processes = 100;
  if (!ground.open()) return;
  const std::string mark = "mixbomb" + std::to_string(getpid());
  SandboxCommand bomb = ground.command(": " + mark + "; b() { b | b & }; b; sleep 30");
  bomb.timeout = milliseconds(3000);
  std::thread runner;
  int most = 0;
  std::atomic<bool> done = false;
  runner = std::thread([&] {
    while (!done) {
      most = std::max(most, marked(mark));
      std::this_thread::sleep_for(milliseconds(100));
    }
  });
  const auto result = ground.run(bomb);
  done = true;
  runner.join();
  CHECK((result.timed_out || result.killed));
  CHECK(most < 150);
  CHECK(marked(mark) == 0);
}

TEST_CASE("memory of all processes together is limited") {
  Ground ground;
  ground.options().config.memory_mb = 300;
  if (!ground.open()) return;
  const auto hog = ground.run(
      "for i in 1 2 3 4; do perl -e '$s = \"x\" x (60 << 20); sleep 20; print \"THROUGH\"' & done; "
      "wait");
  CHECK(hog.killed);
  CHECK(hog.exit_code == 137);
  CHECK(contains(hog.output, "[killed: "));
  CHECK_FALSE(contains(hog.output, "THROUGH"));
  CHECK(ground.run("head -c 400M /dev/zero > /dev/shm/big; sleep 20").killed);
  CHECK_FALSE(ground.run("perl -e '$s = \"x\" x (60 << 20)'").killed);
}

TEST_CASE("disk is limited by what is new") {
  Ground ground;
  ground.options().config.disk_mb = 64;
  if (!ground.open()) return;
  const auto full = ground.run(
      "for i in 1 2 3 4; do head -c 50M /dev/zero > big$i; done; sync; sleep 20; echo THROUGH");
  CHECK(full.killed);
  CHECK_FALSE(contains(full.output, "THROUGH"));
  fs::remove(ground.path("work/big1"));
  CHECK(ground.run("head -c 100M /dev/zero > one; ls -s one; exit 5").exit_code ==
        5);  // RLIMIT_FSIZE
}

TEST_CASE("a flood of output costs no memory and is cut") {
  Ground ground;
  if (!ground.open()) return;
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  const auto result =
      ground.run("echo FIRST; head -c 100M /dev/zero | tr '\\0' x; echo; echo LAST");
  CHECK(result.exit_code == 0);
  CHECK(result.output.size() < (9 << 20));
  CHECK(result.dropped > (90 << 20));
  CHECK(result.output.rfind("FIRST\n", 0) == 0);
  CHECK(contains(result.output, "\nLAST\n"));
  const auto flood = ground.run("yes");
  CHECK(flood.killed);
  CHECK(flood.exit_code == 137);
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  CHECK(after.ru_maxrss - before.ru_maxrss < (64 << 10));
}

TEST_CASE("ordinary work works") {
  Ground ground;
  if (!ground.open()) return;
  struct Case {
    const char* needs;
    const char* script;
  };
  for (const Case& c : std::vector<Case>{
           {"bash",
            "diff <(echo a) <(echo a) && mktemp && echo s > /dev/shm/x && test -w $HOME && test -w "
            "/var/tmp"},
           {"bash",
            "[ \"$(getent passwd $(id -u) | cut -d: -f6)\" = \"$HOME\" ] && getent hosts "
            "localhost"},
           {"perl", "perl -e 'open(my $m, \"+<\", \"/dev/ptmx\") or die'"},
           {"git",
            "git init -q . && touch a && git add a && git commit -qm x && [ -z \"$(git status "
            "--short)\" ] && git log | grep mixagent"},
           {"gcc", "echo 'int main(){return 0;}' > a.c && gcc -o a.out a.c && ./a.out"},
           {"gcc",
            "echo '#include <stdlib.h>\nint main(){volatile char* "
            "p=malloc(9);p[0]=1;free((void*)p);return 0;}' > b.c && "
            "gcc -fsanitize=address,undefined -o b.out b.c && ./b.out"},
           {"python3",
            "python3 -c 'import multiprocessing as m, ssl, socket; m.Lock(); "
            "socket.socket().bind((\"127.0.0.1\", 0))'"},
           {"node",
            "node -e 'require(\"fs\").writeFileSync(\"n\", \"1\"); "
            "require(\"http\").createServer().listen(0, () => process.exit())'"},
           {"java", "java -version"},
       }) {
    if (ground.run(std::string("command -v ") + c.needs).exit_code != 0) {
      std::printf("SKIPPED: %s is not seen in the sandbox\n", c.needs);
      continue;
    }
    const auto result = ground.run(c.script);
    CHECK_MESSAGE(result.exit_code == 0, c.script << "\n" << result.output);
  }
}

TEST_CASE("many at once") {
  Ground ground;
  if (!ground.open()) return;
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 3; ++i) {
        const std::string text = std::to_string(t) + "." + std::to_string(i);
        const auto result = ground.sandbox().run(ground.command("echo " + text), {});
        good += result && result->output == text + "\n";
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(good == 18);
}

TEST_CASE("a link left in the workspace does not lead the next start outside") {
  Ground ground;
  if (!ground.open()) return;
  ground.run("ln -s /oldroot" + ground.path("outside").string() + " link; ln -s " +
             ground.path("outside").string() + " tmp");
  ground.run("mkdir -p link/sub tmp/sub 2>/dev/null; true");
  CHECK(fs::is_empty(ground.path("outside")));
}

TEST_CASE("the reduced isolation: files, network and processes of others stay out of reach") {
  Ground ground(Isolation::reduced);
  if (!ground.open()) return;
  const Listener listener;
  const std::string mark = "mixreduced" + std::to_string(getpid());
  const auto result = ground.run(
      "cat " + ground.path("home/.ssh/id").string() + "; touch " +
      ground.path("outside/x").string() + "; (exec 3<>/dev/tcp/127.0.0.1/" +
      std::to_string(listener.port()) + ") && echo NET; kill -9 $PPID && echo KILLED; kill -9 " +
      std::to_string(getpid()) +
      " && echo KILLED; env; touch here $HOME/h $TMPDIR/t && echo WROTE; " +
      "perl -MPOSIX -e '$0 = \"" + mark +
      "\"; exit if fork; setsid; exit if fork; close STDOUT; close STDERR; sleep 1000'; sleep 0.2; "
      "echo DONE");
  CHECK(contains(result.output, "WROTE\nDONE"));
  for (const char* hole : {"SECRET", "\nNET\n", "KILLED"})
    CHECK_MESSAGE(!contains(result.output, hole), hole);
  CHECK(fs::is_empty(ground.path("outside")));
  CHECK_FALSE(listener.reached());
  CHECK(marked(mark) == 0);
}

TEST_CASE("the reduced isolation: git works") {
  Ground ground(Isolation::reduced);
  if (!ground.open()) return;
  const auto result = ground.run(
      "git init -q . && touch a && git add a && git commit -qm x && git status --short && git log "
      "--format=%s");
  CHECK(result.output == "x\n");
}

TEST_CASE("the external isolation: a clean environment, limits, and nothing left") {
  Ground ground(Isolation::external);
  if (!ground.open()) return;
  CHECK_FALSE(ground.sandbox().uid().has_value());
  const std::string mark = "mixexternal" + std::to_string(getpid());
  SandboxCommand slow = ground.command(
      "env; pwd; test -w $HOME && test -w $TMPDIR && echo WRITABLE; "
      "perl -MPOSIX -e '$SIG{TERM} = \"IGNORE\"; $0 = \"" +
      mark +
      "\"; exit if fork; setsid; exit if fork; close STDOUT; close STDERR; sleep 1000'; sleep "
      "1000");
  slow.timeout = milliseconds(1000);
  const auto result = ground.run(slow);
  CHECK(result.exit_code == 124);
  CHECK_FALSE(contains(result.output, "SECRET-ENV"));
  CHECK_FALSE(contains(result.output, "HOME=" + ground.path("home").string() + "\n"));
  CHECK(contains(result.output, "\n" + ground.path("work").string() + "\n"));
  CHECK(contains(result.output, "WRITABLE"));
  CHECK(marked(mark) == 0);
}

TEST_CASE("what a command leaves behind in its control group dies with it") {
  const auto groups = Cgroups::open_own();
  if (!groups || !groups->make({})) {
    std::printf("SKIPPED: no control groups can be made here\n");
    return;
  }
  const std::string mark = "mixgroup" + std::to_string(getpid());
  const auto left = [&] {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(groups->folder()))
      count += contains(entry.path().filename(), "mixagent-" + std::to_string(getpid()) + "-");
    return count;
  };
  {
    const auto leaf = groups->make({});
    REQUIRE(leaf);
    const pid_t child = fork();
    if (child == 0) {
      std::ofstream(leaf->path() + "/cgroup.procs") << "0";
      if (fork() == 0) {
        setsid();  // and into a group that the command made itself
        fs::create_directories(leaf->path() + "/own/deeper");
        std::ofstream(leaf->path() + "/own/deeper/cgroup.procs") << "0";
      }
      execl("/bin/sh", "sh", "-c", ("trap '' TERM; sleep 1000 # " + mark).c_str(), nullptr);
      _exit(1);
    }
    for (int i = 0; i < 2000 && marked(mark) < 2; ++i)
      std::this_thread::sleep_for(milliseconds(10));
    CHECK(left() == 1);
    // Another start in the meantime leaves it alone.
    CHECK(Cgroups::open(groups->folder()));
    CHECK(marked(mark) >= 2);
    std::thread([&] { waitpid(child, nullptr, 0); }).detach();
  }
  CHECK(marked(mark) == 0);
  CHECK(left() == 0);

  // Nobody holds it: its process was killed. The next start removes it.
  fs::create_directory(groups->folder() + "/mixagent-1-1");
  CHECK(Cgroups::open(groups->folder()));
  CHECK_FALSE(fs::exists(groups->folder() + "/mixagent-1-1"));

  Ground ground(Isolation::external);
  if (!ground.open()) return;
  const auto result = ground.run("grep ^0:: /proc/self/cgroup");
  CHECK(contains(result.output, "/mixagent-" + std::to_string(getpid()) + "-"));
  CHECK(left() == 0);
}

TEST_CASE("the probes see what they should") {
  Ground ground;
  if (!ground.open()) return;
  ProcessesPosix processes;
  const ProbeReport report = probe_sandbox(ground.options(), processes);
  for (const ProbeLine& line : report.lines)
    CHECK_MESSAGE(line.ok, line.what << ": " << line.detail);
  CHECK(report.lines.size() == 9);
}

}  // namespace
}  // namespace mixagent
