#include "engine/model_book.h"

#include "core/edit_format.h"

#include "mixagent/model_record.h"

#include <fmt/core.h>

#include <cstdio>

namespace mixagent {

namespace {

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
    const auto* done = std::get_if<CallCompleted>(&event.fact);
    if (done != nullptr && done->usage.reported) learn(done->model, done->shape, done->usage.input);
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

void ModelBook::learn(const std::string& model, const TokenShape& shape, std::int64_t reported) {
  const std::lock_guard lock(mutex_);
  calibration(model).learn(shape, reported);
}

Calibration& ModelBook::calibration(const std::string& model) {
  const auto [at, fresh] = tokens_.try_emplace(model);
  if (fresh && tools_.records != nullptr) {
    for (const ShapeSample& sample : tools_.records->shape_samples(model)) {
      at->second.learn(sample.shape, sample.input);
    }
  }
  return at->second;
}

}  // namespace mixagent
