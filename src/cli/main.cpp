#include "base/text.h"
#include "cli/options.h"
#include "system/terminal.h"

#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>

extern char** environ;  // NOLINT(readability-identifier-naming)

namespace {

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> env;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view line = *entry;
    const auto equals = line.find('=');
    if (equals != std::string_view::npos)
      env.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return env;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of write(2), not our end
    std::error_code gone;
    mixagent::CliContext context{std::cout,     std::cerr,
                                 environment(), std::filesystem::current_path(gone),
                                 false,         mixagent::can_ask()};
    if (gone) {
      std::cerr << "mixagent: the current folder does not exist any more; change to another one\n";
      return 2;
    }
    return mixagent::run_command_line(argc, argv, context);
  } catch (const std::exception& error) {
    std::cerr << "mixagent: internal error: " << mixagent::escape_terminal_line(error.what())
              << "\n";
    return 1;
  }
}
