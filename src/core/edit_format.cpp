#include "core/edit_format.h"

namespace mixagent {

namespace {

constexpr std::int64_t enough = 20;  // edits seen
constexpr double good_share = 0.85;  // applied: a miss costs a call, a whole file costs output
constexpr int tiers_that_edit_well = 2;

}  // namespace

EditFormat edit_format_for(const Model& model, const EditCount& seen) {
  if (model.edit_format != EditFormat::automatic) return model.edit_format;
  const std::int64_t all = seen.applied + seen.rejected;
  if (all < enough) {
    return model.tier >= tiers_that_edit_well ? EditFormat::blocks : EditFormat::whole;
  }
  const bool good = static_cast<double>(seen.applied) >= good_share * static_cast<double>(all);
  return good ? EditFormat::blocks : EditFormat::whole;
}

}  // namespace mixagent
