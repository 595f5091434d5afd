#include "system/signals.h"

#include "system/process_posix.h"

#include "mixagent/error.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <signal.h>
#include <utility>

namespace mixagent {
namespace {

constexpr std::array<int, 2> watched = {SIGINT, SIGTERM};

// What a handler may touch: plain atomics.
std::atomic<int> first_signal{0};
std::atomic<int> wake_fd{-1};
std::array<struct sigaction, watched.size()> former;
struct sigaction former_pipe;

void on_signal(int number) {
  const int saved_errno = errno;
  int none = 0;
  if (first_signal.compare_exchange_strong(none, number)) {
    const char byte = 1;
    if (write(wake_fd.load(), &byte, 1) < 0) _exit(128 + number);
  } else {
    kill_running_children();
    _exit(128 + number);
  }
  errno = saved_errno;
}

}  // namespace

SignalStop::SignalStop(std::stop_source stop) {
  std::array<int, 2> ends{};
  MIX_CHECK(pipe2(ends.data(), O_CLOEXEC) == 0, "a pipe for signals");
  read_end_ = Fd(ends[0]);
  write_end_ = Fd(ends[1]);
  first_signal = 0;
  wake_fd = ends[1];
  // Requesting a stop runs callbacks, which a handler must not do.
  watcher_ = std::thread([read_fd = ends[0], stop = std::move(stop)]() mutable {
    char byte = 0;
    ssize_t got = 0;
    while ((got = read(read_fd, &byte, 1)) < 0 && errno == EINTR) {
    }
    if (got == 1 && byte == 1) stop.request_stop();
  });

  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < watched.size(); ++i) {
    sigaction(watched[i], &action, &former[i]);
    // Ignored by whoever started us (nohup, a shell's background job): it stays so.
    if (former[i].sa_handler == SIG_IGN) sigaction(watched[i], &former[i], nullptr);
  }
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, &former_pipe);
}

SignalStop::~SignalStop() {
  for (std::size_t i = 0; i < watched.size(); ++i) sigaction(watched[i], &former[i], nullptr);
  sigaction(SIGPIPE, &former_pipe, nullptr);
  const char byte = 0;
  while (write(write_end_.get(), &byte, 1) < 0 && errno == EINTR) {
  }
  watcher_.join();
}

int SignalStop::signal() const {
  return first_signal.load();
}

}  // namespace mixagent
