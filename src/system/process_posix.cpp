#include "system/process_posix.h"

#include "system/files.h"
#include "system/head_tail.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace mixagent {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr milliseconds grace{2000};  // between SIGTERM and SIGKILL
constexpr milliseconds drain_time{
    500};  // for output that is still in the pipe when the main process has ended
constexpr std::size_t report_cap = 64 << 10;

// ---- children that run now, readable by a signal handler

std::array<std::atomic<pid_t>, 4096> running;

class Registration {
 public:
  explicit Registration(pid_t group) : group_(group) {
    for (auto& slot : running) {
      pid_t free = 0;
      if (slot.compare_exchange_strong(free, group)) return;
    }
  }
  ~Registration() {
    for (auto& slot : running) {
      pid_t mine = group_;
      if (slot.compare_exchange_strong(mine, 0)) return;
    }
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  pid_t group_;
};

// ---- starting

tl::unexpected<Error> cannot_start(const Command& command, int error, std::string hint = {}) {
  std::string what = std::string("cannot be started: ") + std::strerror(error);
  if (!command.cwd.empty()) what += " (in " + command.cwd.string() + ")";
  return fail(ErrorCode::process, std::move(what), command.argv[0], std::move(hint));
}

Result<std::string> find_program(const Command& command) {
  const std::string& name = command.argv[0];
  if (name.find('/') != std::string::npos) return name;
  std::string path = "/usr/local/bin:/usr/bin:/bin";
  for (const auto& [key, value] : command.env)
    if (key == "PATH") path = value;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string candidate = path.substr(begin, end - begin) + "/" + name;
    if (end > begin && access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return fail(ErrorCode::process, "no such program in PATH (" + path + ")", name,
              "install it, or add its folder to PATH");
}

int last_target(const Command& command) {
  int last = 2;
  for (const auto& [number, content] : command.extra_fds) last = std::max(last, number);
  return std::max(last, command.report_fd.value_or(0));
}

// Our own ends stay out of the numbers that the child asks for, so that no dup2 can overwrite
// another's source.
Fd move_above(Fd fd, int number) {
  if (!fd || fd.get() > number) return fd;
  return Fd(fcntl(fd.get(), F_DUPFD_CLOEXEC, number + 1));
}

Fd memory_file(std::string_view content, int above) {
  Fd file(memfd_create("input", MFD_CLOEXEC));
  for (std::size_t done = 0; file && done < content.size();) {
    const ssize_t wrote = write(file.get(), content.data() + done, content.size() - done);
    if (wrote <= 0) return Fd();
    done += static_cast<std::size_t>(wrote);
  }
  if (file) lseek(file.get(), 0, SEEK_SET);
  return move_above(std::move(file), above);
}

struct Pipe {
  Fd ours, childs;
};

Pipe open_pipe(int above) {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {Fd(ends[0]), move_above(Fd(ends[1]), above)};
}

struct Plumbing {
  Fd input;
  Pipe out, err, report;
  std::vector<std::pair<int, Fd>> extra;
};

Result<Plumbing> open_plumbing(const Command& command) {
  const int above = last_target(command);
  Plumbing all;
  all.input = command.input ? memory_file(*command.input, above)
                            : move_above(Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)), above);
  all.out = open_pipe(above);
  if (!command.merge_stderr) all.err = open_pipe(above);
  if (command.report_fd) all.report = open_pipe(above);
  bool complete = all.input && all.out.childs && (command.merge_stderr || all.err.childs) &&
                  (!command.report_fd || all.report.childs);
  for (const auto& [number, content] : command.extra_fds) {
    all.extra.emplace_back(number, memory_file(content, above));
    complete = complete && all.extra.back().second;
  }
  if (!complete) return cannot_start(command, errno, "raise the limit of open files (ulimit -n)");
  return all;
}

// posix_spawn's two descriptions of the child, freed together.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

void plan_descriptors(SpawnPlan& plan, const Command& command, const Plumbing& plumbing) {
  const int last = last_target(command);
  std::vector<bool> used(static_cast<std::size_t>(last) + 1);
  auto give = [&](int source, int target) {
    posix_spawn_file_actions_adddup2(&plan.actions, source, target);
    used[static_cast<std::size_t>(target)] = true;
  };
  give(plumbing.input.get(), 0);
  give(plumbing.out.childs.get(), 1);
  give(command.merge_stderr ? plumbing.out.childs.get() : plumbing.err.childs.get(), 2);
  for (const auto& [number, file] : plumbing.extra) give(file.get(), number);
  if (command.report_fd) give(plumbing.report.childs.get(), *command.report_fd);
  for (int number = 3; number <= last; ++number)
    if (!used[static_cast<std::size_t>(number)])
      posix_spawn_file_actions_addclose(&plan.actions, number);
  posix_spawn_file_actions_addclosefrom_np(&plan.actions, last + 1);
}

void plan_signals(SpawnPlan& plan) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setsigdefault(&plan.attributes, &all);
  posix_spawnattr_setflags(&plan.attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

Result<pid_t> spawn(const std::string& program, const Command& command, const Plumbing& plumbing) {
  SpawnPlan plan;
  if (!command.cwd.empty())
    posix_spawn_file_actions_addchdir_np(&plan.actions, command.cwd.c_str());
  plan_descriptors(plan, command, plumbing);
  plan_signals(plan);

  std::vector<std::string> variables;
  for (const auto& [key, value] : command.env) variables.push_back(key + "=" + value);
  std::vector<char*> argv, envp;
  for (const auto& part : command.argv) argv.push_back(const_cast<char*>(part.c_str()));
  for (const auto& variable : variables) envp.push_back(const_cast<char*>(variable.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);

  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, program.c_str(), &plan.actions, &plan.attributes, argv.data(), envp.data());
  if (error == E2BIG)
    return cannot_start(command, error, "the arguments are too long: pass the text as a file");
  if (error != 0) return cannot_start(command, error);
  return pid;
}

// ---- watching

enum class Why { none, timed_out, cancelled, flooded };

// One running child: reads what it says, ends it when it has to end.
class Watch {
 public:
  Watch(const Command& command, const Cancel& cancel, pid_t pid, Fd pidfd, Plumbing plumbing)
      : command_(command),
        cancel_(cancel),
        pid_(pid),
        pidfd_(std::move(pidfd)),
        out_(command.keep_head, command.keep_tail),
        err_(command.keep_head, command.keep_tail),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    out_fd_ = std::move(plumbing.out.ours);
    err_fd_ = std::move(plumbing.err.ours);
    report_fd_ = std::move(plumbing.report.ours);
  }

  Exit until_end() {
    std::stop_callback wake(cancel_.stop, [this] { eventfd_write(wake_.get(), 1); });
    while (!ended_) {
      wait_for_news(next_alarm());
      decide();
    }
    const SteadyTime enough = std::chrono::steady_clock::now() + drain_time;
    while (speaking() && std::chrono::steady_clock::now() < enough) wait_for_news(enough);
    return reap();
  }

 private:
  bool speaking() const { return out_fd_ || err_fd_ || report_fd_; }

  SteadyTime next_alarm() const {
    if (why_ != Why::none) return killed_ ? SteadyTime::max() : asked_ + grace;
    SteadyTime alarm = SteadyTime::max();
    if (command_.timeout) alarm = started_ + *command_.timeout;
    if (cancel_.deadline) alarm = std::min(alarm, *cancel_.deadline);
    return alarm;
  }

  void wait_for_news(SteadyTime until) {
    int timeout = -1;
    if (until != SteadyTime::max()) {
      const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
      timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
    }
    // A descriptor of -1 is skipped by poll.
    std::array<pollfd, 5> fds = {{{ended_ ? -1 : pidfd_.get(), POLLIN, 0},
                                  {out_fd_.get(), POLLIN, 0},
                                  {err_fd_.get(), POLLIN, 0},
                                  {report_fd_.get(), POLLIN, 0},
                                  {why_ == Why::none ? wake_.get() : -1, POLLIN, 0}}};
    if (poll(fds.data(), fds.size(), timeout) <= 0) return;
    if (fds[0].revents != 0) ended_ = true;
    if (fds[1].revents != 0) listen(out_fd_, [this](std::string_view bytes) { out_.add(bytes); });
    if (fds[2].revents != 0) listen(err_fd_, [this](std::string_view bytes) { err_.add(bytes); });
    if (fds[3].revents != 0)
      listen(report_fd_, [this](std::string_view bytes) {
        report_ += bytes.substr(0, report_cap - report_.size());
      });
  }

  template <class Keep>
  void listen(Fd& fd, const Keep& keep) {
    const ssize_t got = read(fd.get(), buffer_.data(), buffer_.size());
    if (got > 0) keep(std::string_view(buffer_.data(), static_cast<std::size_t>(got)));
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) fd.reset();
  }

  void decide() {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (ended_) return;
    if (why_ != Why::none) {
      if (!killed_ && now >= asked_ + grace) {
        kill(-pid_, SIGKILL);
        killed_ = true;
      }
      return;
    }
    if (cancel_.requested())
      why_ = Why::cancelled;
    else if (command_.timeout && now >= started_ + *command_.timeout)
      why_ = Why::timed_out;
    else if (out_.seen() + err_.seen() > command_.kill_after)
      why_ = Why::flooded;
    else
      return;
    asked_ = now;
    kill(-pid_, SIGTERM);
    kill(-pid_, SIGCONT);  // a stopped process cannot act on SIGTERM
  }

  Exit reap() {
    // While the main process is a zombie its number, and with it the group's, cannot belong to
    // anybody else.
    kill(-pid_, SIGKILL);
    int status = 0;
    rusage usage{};
    while (wait4(pid_, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    Exit exit;
    exit.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    exit.code = exit.signal != 0 ? 128 + exit.signal : WEXITSTATUS(status);
    exit.timed_out = why_ == Why::timed_out;
    exit.cancelled = why_ == Why::cancelled;
    exit.flooded = why_ == Why::flooded;
    exit.out = out_.text();
    exit.err = err_.text();
    exit.dropped = out_.dropped() + err_.dropped();
    exit.report = std::move(report_);
    const auto wall = std::chrono::steady_clock::now() - started_;
    exit.wall_ms = std::chrono::duration_cast<milliseconds>(wall).count();
    auto ms = [](const timeval& time) { return time.tv_sec * 1000 + time.tv_usec / 1000; };
    exit.cpu_ms = ms(usage.ru_utime) + ms(usage.ru_stime);
    exit.max_rss_kb = usage.ru_maxrss;
    return exit;
  }

  const Command& command_;
  const Cancel& cancel_;
  const pid_t pid_;
  Fd pidfd_, out_fd_, err_fd_, report_fd_;
  HeadTail out_, err_;
  std::string report_;
  Fd wake_;
  std::vector<char> buffer_ = std::vector<char>(64 << 10);
  const SteadyTime started_ = std::chrono::steady_clock::now();
  SteadyTime asked_{};
  Why why_ = Why::none;
  bool ended_ = false, killed_ = false;
};

}  // namespace

Result<Exit> ProcessesPosix::run(const Command& command, const Cancel& cancel) {
  MIX_CHECK(!command.argv.empty(), "a command has a program");
  if (cancel.requested())
    return fail(ErrorCode::cancelled, "stopped before it was started", command.argv[0]);
  MIX_TRY(const std::string program, find_program(command));
  MIX_TRY(Plumbing plumbing, open_plumbing(command));
  MIX_TRY(const pid_t pid, spawn(program, command, plumbing));
  const Registration registration(pid);
  // Only the child may hold these now: their end is how we see that it has ended.
  plumbing.out.childs.reset();
  plumbing.err.childs.reset();
  plumbing.report.childs.reset();
  plumbing.extra.clear();

  Fd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    const int error = errno;
    kill(-pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return cannot_start(command, error, "a kernel of version 5.3 or later is needed");
  }
  return Watch(command, cancel, pid, std::move(pidfd), std::move(plumbing)).until_end();
}

std::vector<std::pair<std::string, std::string>> process_environment() {
  std::vector<std::pair<std::string, std::string>> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string variable = *entry;
    const std::size_t equals = variable.find('=');
    if (equals != std::string::npos && equals > 0)
      all.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return all;
}

void harden_process() {
  prctl(PR_SET_DUMPABLE, 0);
}

void kill_running_children() noexcept {
  for (auto& slot : running)
    if (const pid_t group = slot.load(); group > 0) kill(-group, SIGKILL);
}

}  // namespace mixagent
