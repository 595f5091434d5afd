#include "engine/replan.h"

#include "base/text.h"

#include <fmt/core.h>

namespace mixagent {

namespace {

constexpr std::size_t most_failure_output =
    6'000;  // bytes of a failing check's output that the planner sees

// What the goal's check printed the last time it ran on a result.
std::string last_output(Tools& tools, const std::string& command) {
  std::string blob;
  for (const Event& event : tools.journal.events()) {
    const auto* done = std::get_if<CheckCompleted>(&event.fact);
    if (done != nullptr && done->phase == "final" && done->check.command == command)
      blob = done->output;
  }
  const auto output = blob.empty() ? Result<std::string>("") : tools.journal.get(BlobId{blob});
  return output ? repair_utf8(*output) : "";
}

}  // namespace

std::string what_failed(Tools& tools, const Dispatched& done,
                        const std::vector<std::string>& commands) {
  std::string text;
  for (const StepOutcome& outcome : done.outcomes) {
    if (outcome.status == StepStatus::failed)
      text += fmt::format("- step {}: {}\n", outcome.id, outcome.why);
  }
  for (const std::string& command : commands) {
    text += fmt::format("- `{}` fails on the result:\n{}\n", command,
                        clip_middle(last_output(tools, command), most_failure_output));
  }
  return text;
}

std::string what_stays(const Dispatched& done) {
  std::string text;
  for (const StepOutcome& outcome : done.outcomes) {
    if (outcome.status == StepStatus::verified || outcome.status == StepStatus::unverified)
      text += fmt::format("- step {}\n", outcome.id);
  }
  return text;
}

}  // namespace mixagent
