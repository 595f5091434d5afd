#pragma once
// The terminal: whether there is one, how wide it is, whether it wants colour, and a line from the
// person in front of it.

#include <array>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace mixagent {

enum class ColorMode { automatic, always, never };
constexpr std::array<std::string_view, 3> enum_names(ColorMode) {
  return {"auto", "always", "never"};
}

enum class Stream { in = 0, out = 1, err = 2 };

bool is_terminal(Stream stream);
// Columns; 100 where nothing is known. Never less than 20.
int terminal_width(Stream stream);
// --color always|never decide; `auto` wants a terminal, no NO_COLOR, no CI and no TERM=dumb.
bool wants_color(ColorMode mode, Stream stream);
// A question can be asked: standard input and standard error are terminals and this is no CI job.
bool can_ask();

// All bytes or as many as the other side takes; a closed pipe is not an error worth dying for. One
// write(2) where possible, so that lines of several threads do not mix.
void write_stream(Stream stream, std::string_view bytes);

// One line from standard input without its newline. Empty at the end of input or when a stop is
// requested meanwhile.
std::optional<std::string> read_line(const std::stop_token& stop);

}  // namespace mixagent
