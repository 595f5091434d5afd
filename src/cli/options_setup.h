#pragma once
// The commands that set up and try: init, doctor, config, models, seats, sandbox. Beside
// cli/options.cpp, which holds the rest of the command line.

#include "cli/options_looks.h"

#include "mixagent/clock.h"
#include "mixagent/process.h"

#include <string>
#include <vector>

namespace mixagent {

// What reaches the world; the references outlive the parsing.
struct SetupPorts {
  Processes& processes;
  Clock& clock;
  Random& random;
  const std::vector<std::string>& sandbox_words;  // what `sandbox` runs; known once parsing is done
};

void declare_setup(const CommandFrame& frame, const SetupPorts& ports);

}  // namespace mixagent
