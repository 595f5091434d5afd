#include "view/progress.h"

#include "base/text.h"
#include "system/terminal.h"
#include "view/live.h"
#include "view/narrate.h"
#include "view/paint.h"

#include <chrono>
#include <utility>

namespace mixagent {

namespace {

constexpr std::chrono::milliseconds redraw_every{200};
constexpr std::size_t most_weather = 120;  // bytes

std::string paint_line(const Line& line, const Paint& paint) {
  const std::string text = escape_terminal_line(line.text);
  switch (line.mood) {
    case Mood::plain:
      return line.weight == Weight::detail ? paint.dim(text) : text;
    case Mood::good:
      return paint.green(text);
    case Mood::bad:
      return paint.red(text);
    case Mood::warning:
      return paint.yellow(text);
  }
  return text;
}

// A fact makes what was last said of its step old news.
std::string step_of(const Event& event) {
  return std::visit(
      [](const auto& fact) -> std::string {
        if constexpr (requires { fact.step; }) return fact.step;
        return {};
      },
      event.fact);
}

}  // namespace

ProgressPorts terminal_ports() {
  return {[](std::string_view bytes) { write_stream(Stream::err, bytes); },
          [] { return terminal_width(Stream::err); },
          [](const std::stop_token& stop) { return read_line(stop); }};
}

Progress::Progress(ProgressOptions options, ProgressPorts ports, Clock& clock)
    : options_(std::move(options)), ports_(std::move(ports)), clock_(clock) {
  if (options_.live && options_.verbosity != Verbosity::quiet) {
    painter_ = std::jthread([this](const std::stop_token& stop) { paint_until_closed(stop); });
  }
}

Progress::~Progress() {
  close();
}

void Progress::on_event(const Event& event) {
  const std::lock_guard lock(mutex_);
  apply(state_, event);
  weather_.erase(step_of(event));
  if (options_.verbosity == Verbosity::quiet) return;
  std::string text;
  for (const Line& line : narrate(event)) {
    if (line.weight == Weight::detail && options_.verbosity != Verbosity::verbose) continue;
    text += paint_line(line, Paint{options_.color}) + "\n";
  }
  if (!text.empty()) print(text);
}

void Progress::replay_quietly(const std::vector<Event>& events) {
  const std::lock_guard lock(mutex_);
  for (const Event& event : events) apply(state_, event);
}

void Progress::say(std::string_view text) {
  const std::lock_guard lock(mutex_);
  print(escape_terminal(text) + "\n");
}

void Progress::progress(const std::string& step, std::string_view text) {
  if (!options_.live) return;
  const std::lock_guard lock(mutex_);
  weather_[step] = clip(trim(text), most_weather);
}

std::optional<std::string> Progress::ask(std::string_view question) {
  if (!options_.can_ask) return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    erase();
    paused_ = true;
    ports_.write(escape_terminal(question) + " ");
  }
  // Unlocked: facts of steps that still run wait for no person.
  std::optional<std::string> answer = ports_.read_line(options_.stop);
  const std::lock_guard lock(mutex_);
  paused_ = false;
  print(std::exchange(held_, {}));
  return answer;
}

void Progress::close() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
    erase();
  }
  painter_.request_stop();
  wake_.notify_all();
  if (painter_.joinable()) painter_.join();
}

void Progress::print(const std::string& text) {
  if (paused_) {
    held_ += text;
    return;
  }
  erase();
  ports_.write(text);
  draw();
}

// Up to the first line of the area, then clear to the end of the screen.
void Progress::erase() {
  if (drawn_ == 0) return;
  ports_.write("\r\x1b[" + std::to_string(drawn_) + "A\x1b[J");
  drawn_ = 0;
}

void Progress::draw() {
  if (!options_.live || closed_ || paused_ || options_.verbosity == Verbosity::quiet) return;
  const std::vector<std::string> lines =
      live_lines({state_, weather_, clock_.wall_ms(), ports_.width(), options_.color});
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  if (!text.empty()) ports_.write(text);
  drawn_ = static_cast<int>(lines.size());
}

void Progress::paint_until_closed(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, redraw_every, [] { return false; });
    if (closed_) return;
    erase();
    draw();
  }
}

}  // namespace mixagent
