#include "support/child_process.h"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <signal.h>
#include <spawn.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mixagent {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds look_again{5};

int exit_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// "1234 bash -c sleep 100" of every child of this process.
std::vector<std::pair<pid_t, std::string>> children() {
  std::vector<std::pair<pid_t, std::string>> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string line;
    std::getline(stat, line);
    std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 2)));
    char state = 0;
    pid_t parent = 0;
    fields >> state >> parent;
    if (parent != getpid()) continue;
    std::ifstream command(entry.path() / "cmdline");
    std::string text((std::istreambuf_iterator<char>(command)), {});
    for (char& c : text) c = c == '\0' ? ' ' : c;
    found.emplace_back(std::stoi(name), name + " " + text);
  }
  return found;
}

}  // namespace

Child::Child(const ChildSpec& spec) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  const std::string input = spec.input.empty() ? "/dev/null" : spec.input.string();
  posix_spawn_file_actions_addopen(&files, 0, input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, spec.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  posix_spawn_file_actions_addopen(&files, 2, spec.errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  posix_spawn_file_actions_addchdir_np(&files, spec.cwd.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::vector<std::string> arguments = spec.argv, environment;
  for (const auto& [name, value] : spec.env) environment.push_back(name + "=" + value);
  const int failed = posix_spawn(&pid_, spec.argv[0].c_str(), &files, &attributes,
                                 pointers(arguments).data(), pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) {
    std::fprintf(stderr, "cannot start %s: error %d\n", spec.argv[0].c_str(), failed);
    std::abort();
  }
}

Child::~Child() {
  if (!status_) {
    ::kill(pid_, SIGKILL);
    wait(std::chrono::seconds(5));
  }
}

void Child::signal(int number) const {
  ::kill(pid_, number);
}

std::optional<int> Child::wait(std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  while (!status_) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      status_ = exit_status(status);
    } else if (Clock::now() >= until) {
      return {};
    } else {
      std::this_thread::sleep_for(look_again);
    }
  }
  return status_;
}

void adopt_orphans() {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

std::vector<std::string> left_running(std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  for (;;) {
    const pid_t ended = waitpid(-1, nullptr, WNOHANG);
    if (ended < 0) return {};
    if (ended > 0) continue;
    if (Clock::now() >= until) break;
    std::this_thread::sleep_for(look_again);
  }
  std::vector<std::string> names;
  for (const auto& [pid, name] : children()) {
    names.push_back(name);
    ::kill(pid, SIGKILL);
  }
  while (waitpid(-1, nullptr, 0) > 0) {
  }
  return names;
}

}  // namespace mixagent
