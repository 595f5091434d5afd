#include "system/terminal.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace mixagent {

namespace {

constexpr int usual_width = 100;
constexpr int least_width = 20;
constexpr int poll_ms = 100;

int descriptor(Stream stream) {
  return static_cast<int>(stream);
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool is_dumb() {
  const char* term = std::getenv("TERM");
  return term != nullptr && std::string_view(term) == "dumb";
}

}  // namespace

bool is_terminal(Stream stream) {
  return ::isatty(descriptor(stream)) == 1;
}

int terminal_width(Stream stream) {
  winsize size{};
  if (::ioctl(descriptor(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return std::max<int>(size.ws_col, least_width);
  }
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr) {
    const long told = std::strtol(columns, nullptr, 10);
    if (told > 0 && told < 10'000) return std::max(static_cast<int>(told), least_width);
  }
  return usual_width;
}

bool wants_color(ColorMode mode, Stream stream) {
  switch (mode) {
    case ColorMode::always:
      return true;
    case ColorMode::never:
      return false;
    case ColorMode::automatic:
      break;
  }
  return is_terminal(stream) && !is_set("NO_COLOR") && !is_set("CI") && !is_dumb();
}

bool can_ask() {
  return is_terminal(Stream::in) && is_terminal(Stream::err) && !is_set("CI");
}

void write_stream(Stream stream, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor(stream), bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (written < 0 && errno == EAGAIN) {
      pollfd ready{descriptor(stream), POLLOUT, 0};
      ::poll(&ready, 1, poll_ms);
    } else if (!(written < 0 && errno == EINTR)) {
      return;
    }
  }
}

std::optional<std::string> read_line(const std::stop_token& stop) {
  std::string line;
  while (!stop.stop_requested()) {
    pollfd ready{STDIN_FILENO, POLLIN, 0};
    if (::poll(&ready, 1, poll_ms) <= 0)
      continue;  // nothing yet, or a signal: look at `stop` again
    char byte = 0;
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return line.empty() ? std::nullopt : std::optional<std::string>(line);
    if (byte == '\n') return line;
    line.push_back(byte);
  }
  return std::nullopt;
}

}  // namespace mixagent
