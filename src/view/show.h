#pragma once
// What `show` and `runs` print: a run or one step of it, told from its facts. Everything is
// escaped. Pure but for the bodies, which the caller fetches.

#include "mixagent/run_state.h"

#include <functional>
#include <string>
#include <vector>

namespace mixagent {

struct ShowInput {
  const RunState& state;
  const std::vector<Event>& events;
  std::string run, directory;
  bool color = false;
  int width = 100;
  // A body by its blob name; empty when it is not there.
  std::function<std::string(const std::string&)> body;
};

// The summary (or how far it came), attempts, reviews and notes.
std::string render_run(const ShowInput& input);
// Instructions, attempts with their calls, checks with the end of their output, reviews with their
// findings. The step must exist in the state.
std::string render_step(const ShowInput& input, const std::string& step);

// One line of `runs`.
struct RunLine {
  std::string id, repository;
  const RunState* state = nullptr;  // empty: it does not read back, `fault` says why
  std::string fault;
};
std::string render_runs(const std::vector<RunLine>& runs, bool color, int width);
// "success", "not_reached", ..., or "open" while there is no end.
std::string outcome_of(const RunState& state);

}  // namespace mixagent
