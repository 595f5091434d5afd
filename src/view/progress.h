#pragma once
// What a person sees on standard error while a run goes on: facts as plain lines that stay, and on
// a terminal a live area below them that is drawn again five times a second. Listens to the journal
// and is the engine's Console. Owned by the command, outlives the run. Thread-safe. Nothing of the
// terminal is switched off or hidden, so a killed run leaves it as it was.

#include "mixagent/clock.h"
#include "mixagent/console.h"
#include "mixagent/event.h"
#include "mixagent/run_state.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace mixagent {

enum class Verbosity { quiet, normal, verbose };

struct ProgressOptions {
  Verbosity verbosity = Verbosity::normal;
  bool live = false;  // standard error is a terminal that can be redrawn
  bool color = false;
  bool can_ask = false;  // standard input and standard error are terminals
  std::stop_token stop;  // ends a question that waits for a person
};

// Where the bytes go and where answers come from; system/terminal.h in the program, strings in
// tests.
struct ProgressPorts {
  std::function<void(std::string_view)> write;
  std::function<int()> width;
  std::function<std::optional<std::string>(const std::stop_token&)> read_line;
};

// Standard error and standard input.
ProgressPorts terminal_ports();

class Progress final : public Console {
 public:
  Progress(ProgressOptions options, ProgressPorts ports, Clock& clock);
  ~Progress() override;

  // For Journal::listen; on resume also for the events that are already there (`quietly`: fold
  // only).
  void on_event(const Event& event);
  void replay_quietly(const std::vector<Event>& events);
  // A line of mixagent's own that stays: warnings before and after a run.
  void say(std::string_view text);
  // Takes the live area away for good. Idempotent; called before the summary is printed.
  void close();

  void progress(const std::string& step, std::string_view text) override;
  std::optional<std::string> ask(std::string_view question) override;
  bool interactive() const override { return options_.can_ask; }

 private:
  void print(const std::string& text);  // below: the caller holds mutex_
  void erase();
  void draw();
  void paint_until_closed(const std::stop_token& stop);

  const ProgressOptions options_;
  const ProgressPorts ports_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  RunState state_;
  std::map<std::string, std::string> weather_;
  int drawn_ = 0;        // lines of the live area on the screen
  bool paused_ = false;  // a question is on the screen
  std::string held_;     // lines that came meanwhile
  bool closed_ = false;
  std::jthread painter_;  // last: joined first
};

}  // namespace mixagent
