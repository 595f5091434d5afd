#include "base/log.h"

#include "base/text.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace mixagent {
namespace {

// A log line is a trace, not a body.
constexpr std::size_t longest_line = 2000;

spdlog::logger& logger() {
  static spdlog::logger log = [] {
    spdlog::logger made("mixagent", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_pattern("%H:%M:%S.%e %t %L %v");
    made.set_level(spdlog::level::off);
    return made;
  }();
  return log;
}

void write(spdlog::level::level_enum level, std::string_view text) {
  if (!logger().should_log(level)) return;
  logger().log(level, "{}", escape_terminal_line(clip(text, longest_line)));
}

}  // namespace

void log_open(int verbosity) {
  logger().set_level(verbosity <= 0   ? spdlog::level::off
                     : verbosity == 1 ? spdlog::level::debug
                                      : spdlog::level::trace);
}

void log_debug(std::string_view text) {
  write(spdlog::level::debug, text);
}
void log_trace(std::string_view text) {
  write(spdlog::level::trace, text);
}

}  // namespace mixagent
