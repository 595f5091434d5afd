#pragma once
// One question to the advisor's seat: no tools, no history.

#include "engine/caller.h"

#include <string>

namespace mixagent {

struct Advice {
  bool given = false;
  std::string text;  // the answer, or why there is none
};

// `asker` pays: `pot` is its own; its labels tell the step and the attempt, `key` names the call.
// An Error only when the run cannot go on.
Result<Advice> ask_advisor(Tools& tools, Caller& caller, const Pot& pot, CallLabels asker,
                           const std::string& key, const std::string& question);

}  // namespace mixagent
