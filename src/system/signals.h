#pragma once
// SIGINT and SIGTERM: the first asks for a stop, the second kills this process and its children at
// once. One object, in main, made before other threads are; the former handlers come back when it
// is destroyed.

#include "system/files.h"

#include <stop_token>
#include <thread>

namespace mixagent {

class SignalStop {
 public:
  explicit SignalStop(std::stop_source stop);
  ~SignalStop();
  SignalStop(const SignalStop&) = delete;
  SignalStop& operator=(const SignalStop&) = delete;

  // The signal that asked for the stop, 0 without one. The exit code is 128 + it.
  int signal() const;

 private:
  Fd read_end_, write_end_;
  std::thread watcher_;
};

}  // namespace mixagent
