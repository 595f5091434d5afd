#include "engine/estimate.h"

#include "base/text.h"
#include "core/price.h"
#include "engine/ladder.h"

#include <fmt/core.h>

namespace mixagent {

namespace {

// Of an ordinary step: a first message, two more turns that read it again, and what is written.
constexpr std::int64_t usual_input = 20'000;  // tokens
constexpr std::int64_t usual_output = 2'500;

const Model* first_model(const Step& step, const Lineup& lineup) {
  const Seat* seat = lineup.seat(step.seat);
  if (seat == nullptr || seat->ladder.empty()) return nullptr;
  const int rung = first_rung(*seat, lineup, step.difficulty);
  return lineup.model(seat->ladder[static_cast<std::size_t>(rung)]);
}

Money of_step(const Step& step, const Lineup& lineup) {
  const Model* model = first_model(step, lineup);
  if (model == nullptr) return {};
  Usage usage;
  usage.input = usual_input;
  usage.output = usual_output;
  return cost_of(usage, *model);
}

}  // namespace

Money estimate(const Plan& plan, const Lineup& lineup) {
  Money sum;
  for (const Step& step : plan.steps) sum += of_step(step, lineup);
  return sum;
}

std::string plan_view(const Plan& plan, const Lineup& lineup) {
  std::string text = "The plan: " + plan.reason + "\n";
  for (const Step& step : plan.steps) {
    const Model* model = first_model(step, lineup);
    text += fmt::format("  {}: {} ({}, {}, about ${:.3f}){}\n", step.id, clip(step.title, 100),
                        step.seat, model == nullptr ? "no model" : model->name,
                        to_usd(of_step(step, lineup)),
                        step.depends_on.empty() ? "" : " after " + join(step.depends_on, ", "));
  }
  return text + fmt::format("About ${:.2f} if every step is done at its first model.\n",
                            to_usd(estimate(plan, lineup)));
}

}  // namespace mixagent
