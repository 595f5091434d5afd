#pragma once
// The diagnostic log, for people who look for a fault: off unless -v. The only home of spdlog. Goes
// to standard error, every line escaped for terminals; never receives secrets or whole bodies.

#include <string_view>

namespace mixagent {

void log_open(int verbosity);  // 0 off, 1 debug, 2 trace
void log_debug(std::string_view text);
void log_trace(std::string_view text);

}  // namespace mixagent
