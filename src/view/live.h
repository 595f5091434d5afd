#pragma once
// The live area: what is going on right now, in a few lines that are drawn again and again. Pure.

#include "mixagent/run_state.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mixagent {

struct LiveInput {
  const RunState& state;
  const std::map<std::string, std::string>&
      weather;              // step -> last progress text, "" for outside of steps
  std::int64_t now_ms = 0;  // UTC
  int width = 80;
  bool color = false;
};

// At most nine lines, none wider than `width`: one for each running step (or call outside of
// steps), then the totals. Empty before the run started and after it ended.
std::vector<std::string> live_lines(const LiveInput& input);

}  // namespace mixagent
