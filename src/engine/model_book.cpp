#include "engine/model_book.h"

#include "core/edit_format.h"

#include "mixagent/model_record.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace mixagent {

namespace {

constexpr std::size_t fewest_samples = 5;  // accepted attempts that show what is usual

std::string written(const ModelTraits& traits) {
  return fmt::format("{} {}", enum_name(traits.edits), traits.permille);
}

ModelTraits read_traits(const std::string& text) {
  ModelTraits traits;
  traits.edits = text.rfind("whole", 0) == 0 ? EditFormat::whole : EditFormat::blocks;
  const auto space = text.find(' ');
  const long long value = space == std::string::npos ? 0 : std::atoll(text.c_str() + space + 1);
  if (value > 0) traits.permille = value;
  return traits;
}

}  // namespace

// A run that goes on knows what its calls have shown before.
ModelBook::ModelBook(Tools& tools) : tools_(tools) {
  for (const Event& event : tools_.journal.events()) {
    if (const auto* call = std::get_if<CallCompleted>(&event.fact)) learn(*call);
    if (const auto* attempt = std::get_if<AttemptCompleted>(&event.fact)) learn(*attempt);
  }
}

Result<ModelTraits> ModelBook::traits(const Model& model) {
  const std::lock_guard settling(settling_);
  MIX_TRY(const std::string text,
          tools_.journal.once("model:" + model.name, "", [&]() -> Result<std::string> {
            const EditCount seen =
                tools_.records != nullptr ? tools_.records->edits(model.name) : EditCount{};
            ModelTraits traits;
            traits.edits = edit_format_for(model, seen);
            traits.permille = tokens(model.name).as_estimate(1000);
            return written(traits);
          }));
  return read_traits(text);
}

Calibration ModelBook::tokens(const std::string& model) {
  const std::lock_guard lock(mutex_);
  return calibration(model);
}

void ModelBook::learn(const CallCompleted& call) {
  const std::lock_guard lock(mutex_);
  if (call.usage.reported) calibration(call.model).learn(call.shape, call.usage.input);
  if (call.attempt > 0) costs_[call.model].all[{call.step, call.attempt}] += call.cost;
}

void ModelBook::learn(const AttemptCompleted& attempt) {
  const std::lock_guard lock(mutex_);
  if (attempt.outcome == "accepted")
    costs_[attempt.model].accepted.insert({attempt.step, attempt.attempt});
}

Money ModelBook::usual_cost(const std::string& model) {
  const std::lock_guard lock(mutex_);
  Costs& costs = costs_[model];
  if (costs.accepted.size() < fewest_samples) return {};
  std::vector<Money> accepted;
  for (const AttemptName& name : costs.accepted) accepted.push_back(costs.all[name]);
  const auto middle = accepted.begin() + static_cast<std::ptrdiff_t>(accepted.size() / 2);
  std::nth_element(accepted.begin(), middle, accepted.end());
  return *middle;
}

Calibration& ModelBook::calibration(const std::string& model) {
  const auto [at, fresh] = tokens_.try_emplace(model);
  if (fresh && tools_.records != nullptr) {
    for (const TokenSample& sample : tools_.records->token_samples(model)) {
      at->second.learn(sample.shape, sample.input);
    }
  }
  return at->second;
}

}  // namespace mixagent
