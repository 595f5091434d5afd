#pragma once
// The commands that only look: runs, show, diff, context, cost, stats, report. Beside
// cli/options.cpp, which holds the rest of the command line.

#include "cli/commands.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <functional>
#include <string>

namespace mixagent {

// What a group of commands needs of the command line; the references outlive the parsing.
struct CommandFrame {
  std::function<CLI::App&(const std::string& name, const std::string& about,
                          const std::string& example)>
      command;
  std::function<std::filesystem::path()> directory;  // -C; known once parsing is done
  std::function<ConfigFlags()> config_flags;         // likewise
  CliContext& context;
  std::function<int()>& chosen;  // what to do when parsing is done
};

void declare_looks(const CommandFrame& frame);

}  // namespace mixagent
