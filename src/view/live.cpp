#include "view/live.h"

#include "base/text.h"
#include "view/paint.h"
#include "view/table.h"

#include <algorithm>

namespace mixagent {

namespace {

constexpr std::size_t most_steps = 8;

std::string elapsed(std::int64_t since_ms, std::int64_t now_ms) {
  const std::int64_t seconds = std::max<std::int64_t>(now_ms - since_ms, 0) / 1000;
  return seconds < 60 ? std::to_string(seconds) + " s" : format_duration_ms(seconds * 1000);
}

std::string weather_of(const LiveInput& input, const std::string& step) {
  const auto found = input.weather.find(step);
  return found == input.weather.end() ? "" : found->second;
}

// When the step's own call began; now where none is open.
std::string waiting_for(const LiveInput& input, const std::string& step) {
  for (const auto& [key, call] : input.state.open) {
    if (call.step == step) return call.model + " " + elapsed(call.since_ms, input.now_ms);
  }
  return "";
}

std::string join_present(const std::vector<std::string>& parts) {
  std::vector<std::string> present;
  for (const std::string& part : parts) {
    if (!part.empty()) present.push_back(part);
  }
  return join(present, " · ");
}

std::string step_line(const LiveInput& input, const StepState& step) {
  const std::string name = step.step.id + " " + step.step.title;
  return join_present(
      {name, step.doing, weather_of(input, step.step.id), waiting_for(input, step.step.id)});
}

std::string totals_line(const RunState& state, std::int64_t now_ms) {
  std::string money = format_usd(state.spent);
  if (state.started.cap) money += " of " + format_usd(*state.started.cap);
  std::string steps;
  if (!state.order.empty()) {
    const auto done = std::count_if(state.steps.begin(), state.steps.end(), [](const auto& entry) {
      return entry.second.phase != StepPhase::waiting && entry.second.phase != StepPhase::running;
    });
    steps = std::to_string(done) + "/" + std::to_string(state.order.size()) + " steps";
  }
  return join_present({steps, money, format_count(state.model_calls) + " calls",
                       elapsed(state.started_ms, now_ms)});
}

}  // namespace

std::vector<std::string> live_lines(const LiveInput& input) {
  if (input.state.started_ms == 0 || input.state.completed) return {};
  std::vector<std::string> busy;
  const std::string outside = join_present({weather_of(input, ""), waiting_for(input, "")});
  std::size_t running = 0;
  for (const std::string& id : input.state.order) {
    const auto found = input.state.steps.find(id);
    if (found == input.state.steps.end() || found->second.phase != StepPhase::running) continue;
    ++running;
    if (running <= most_steps) busy.push_back(step_line(input, found->second));
  }
  if (running > most_steps) busy.back() = std::to_string(running - most_steps + 1) + " more steps";
  if (!outside.empty() && busy.size() < most_steps) busy.insert(busy.begin(), outside);

  std::vector<std::string> lines;
  const Paint paint{input.color};
  for (const std::string& text : busy) {
    lines.push_back(clip_width("› " + escape_terminal_line(text), input.width - 1));
  }
  lines.push_back(paint.dim(
      clip_width(escape_terminal_line(totals_line(input.state, input.now_ms)), input.width - 1)));
  return lines;
}

}  // namespace mixagent
