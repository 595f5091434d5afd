#pragma once
// Starting programs: the one door. argv only, never a shell string. The child gets exactly `env`, a
// new session, and /dev/null as standard input unless `input` is set. Implemented in
// system/process_posix.cpp. Thread-safe.

#include "mixagent/cancel.h"
#include "mixagent/error.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mixagent {

struct Command {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH of `env`, unless it holds a '/'
  std::filesystem::path cwd;      // empty: this process's
  std::vector<std::pair<std::string, std::string>> env;
  std::optional<std::string> input;
  std::optional<std::chrono::milliseconds> timeout;  // then SIGTERM to the group, 2 s, SIGKILL
  std::size_t keep_head = 2 << 20,
              keep_tail = 6 << 20;      // bytes of output kept; the rest is counted and dropped
  std::size_t kill_after = 256u << 20;  // bytes of output after which the group is killed
  bool merge_stderr = false;            // both streams in `out`, in order of arrival
  // Bytes for the child on further descriptors: {number in the child, content}. Handed over by
  // memfd.
  std::vector<std::pair<int, std::string>> extra_fds;
  // The child gets the write end of a pipe at this number; what it says there (at most 64 KB) is in
  // Exit::report.
  std::optional<int> report_fd;
};

struct Exit {
  int code = 0;  // 128+n when killed by signal n
  int signal = 0;
  bool timed_out = false;
  bool cancelled = false;
  bool flooded = false;  // killed for its output
  std::string out, err;  // head and tail, with "\n[... N bytes left out ...]\n" between when cut
  std::uint64_t dropped = 0;
  std::string report;  // of Command::report_fd
  std::int64_t wall_ms = 0;
  std::int64_t cpu_ms = 0;
  std::int64_t max_rss_kb = 0;
};

class Processes {
 public:
  virtual ~Processes() = default;
  // An Error only when nothing could be started. Returns when the main process has ended and its
  // output was drained for at most 0.5 s: a daemon that holds the pipe does not hang the caller.
  virtual Result<Exit> run(const Command& command, const Cancel& cancel) = 0;
};

}  // namespace mixagent
