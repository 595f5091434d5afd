#pragma once
// A run as one document in Markdown, for a pull request, a job page or a colleague: what was asked,
// what came of it, how it was verified, every attempt and every turn with its reason, and what it
// cost. A projection of its facts; whatever models and commands said is escaped. Pure.

#include "mixagent/event.h"

#include <string>
#include <vector>

namespace mixagent {

std::string render_report(const std::vector<Event>& events);

}  // namespace mixagent
