#pragma once
// One value that every blocking port takes: stop requested (SIGINT, a sibling's end) or deadline
// passed.

#include <chrono>
#include <optional>
#include <stop_token>

namespace mixagent {

struct Cancel {
  std::stop_token stop;
  std::optional<std::chrono::steady_clock::time_point> deadline;

  bool stopped() const { return stop.stop_requested(); }
  bool expired() const { return deadline && std::chrono::steady_clock::now() >= *deadline; }
  bool requested() const { return stopped() || expired(); }
};

}  // namespace mixagent
