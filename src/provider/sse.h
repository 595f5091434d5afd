#pragma once
// Server-sent events, fed in pieces cut anywhere. Pure. Not thread-safe. Never fails: what is no
// field is ignored.

#include <functional>
#include <string>
#include <string_view>

namespace mixagent {

struct SseEvent {
  std::string name;  // of the "event:" line; usually empty
  std::string data;  // "data:" lines joined by "\n"
  bool operator==(const SseEvent&) const = default;
};

class SseParser {
 public:
  using Sink = std::function<void(const SseEvent&)>;

  // Calls `sink` for each event that these bytes complete. Line ends are LF, CR LF or CR.
  void feed(std::string_view bytes, const Sink& sink);
  // The stream has ended: delivers a last event that no blank line closed.
  void finish(const Sink& sink);

 private:
  void end_line(const Sink& sink);
  void deliver(const Sink& sink);

  std::string line_;
  SseEvent event_;
  bool has_data_ = false;
  bool first_line_ = true;
  bool after_cr_ = false;
};

}  // namespace mixagent
