#include "engine/ladder.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mixagent {

int first_rung(const Seat& seat, const Lineup& lineup, Difficulty difficulty) {
  const int wanted = difficulty == Difficulty::low ? 1 : difficulty == Difficulty::medium ? 2 : 3;
  if (wanted == 1) return 0;
  for (std::size_t i = 0; i < seat.ladder.size(); ++i) {
    const Model* model = lineup.model(seat.ladder[i]);
    if (model != nullptr && model->tier >= wanted) return static_cast<int>(i);
  }
  return static_cast<int>(seat.ladder.size()) - 1;
}

bool may_climb(const std::string& outcome) {
  static constexpr std::array<std::string_view, 9> reasons = {
      "checks_failed", "gate_failed", "malformed", "silent",  "loop",
      "gave_up",       "limit",       "refused",   "rejected"};
  return std::find(reasons.begin(), reasons.end(), outcome) != reasons.end();
}

}  // namespace mixagent
