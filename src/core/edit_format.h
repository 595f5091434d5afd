#pragma once
// In which form a model is asked for changes of files. Pure.

#include "mixagent/model.h"
#include "mixagent/model_record.h"

namespace mixagent {

// Longer files are asked for by edits: whole they cost much and lose lines.
constexpr std::size_t most_lines_whole = 250;

// `whole` (files up to most_lines_whole) or `blocks`. What the configuration or the catalogue says
// wins; else how many of the model's edits applied so far, once there are enough of them; else its
// tier: models of the first tier miss one edit in five.
EditFormat edit_format_for(const Model& model, const EditCount& seen);

}  // namespace mixagent
