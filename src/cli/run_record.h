#pragma once
// What a run needs to be picked up again, as one document in its journal: the goal and the sources
// of its configuration. Keys are not in it; they are looked up anew.

#include "config/load.h"

#include "mixagent/goal.h"

#include <string>

namespace mixagent {

struct RunRecord {
  ConfigSources sources;
  Goal goal;
  bool review = true;
};

// `lineup` is pinned: a key that appears later does not change who sits where.
std::string encode_record(const RunRecord& record, const Lineup& lineup);
Result<RunRecord> decode_record(const std::string& text);

}  // namespace mixagent
