#pragma once
// A fact as a line or two for people who watch. Pure: progress on a terminal, a job's log and `show
// -v` read the same.

#include "mixagent/event.h"

#include <string>
#include <vector>

namespace mixagent {

enum class Weight { detail, normal };  // details are for -v
enum class Mood { plain, good, bad, warning };

struct Line {
  Weight weight = Weight::normal;
  Mood mood = Mood::plain;
  std::string text;  // one line, as it came: escape when showing
  bool operator==(const Line&) const = default;
};

// Empty for facts that only machines need.
std::vector<Line> narrate(const Event& event);

}  // namespace mixagent
