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

namespace {

// How many of the last attempts are alike.
template <class Same>
int row_of(const std::vector<Tried>& tried, Same same) {
  int row = 0;
  for (auto one = tried.rbegin(); one != tried.rend() && same(*one); ++one) ++row;
  return row;
}

}  // namespace

NextMove next_move(const std::vector<Tried>& tried, int rung, int top) {
  const Tried& last = tried.back();
  if (last.outcome == "blocked")
    return {false, rung, "the sandbox denied a dependency: no model can help that"};
  if (!may_climb(last.outcome)) return {false, rung, last.outcome};
  if (rung >= top) return {false, rung, "the ladder ends here"};
  const int gave_up = row_of(tried, [](const Tried& one) { return one.outcome == "gave_up"; });
  if (gave_up >= 2) return {false, rung, "two models in a row gave up: it looks unsolvable so"};
  const int alike = last.failure.empty() ? 0 : row_of(tried, [&](const Tried& one) {
    return one.failure == last.failure;
  });
  if (alike >= 3)
    return {false, rung, "three models in a row leave the same check failing in the same way"};
  if (alike == 2 && rung + 2 <= top)
    return {true, rung + 2, "the same check fails in the same way: one rung is left out"};
  return {true, rung + 1, ""};
}

std::string failure_sign(const std::string& command, const std::string& output) {
  if (command.empty()) return "";
  std::string sign = command + '\n';
  for (const char c : output) {
    const bool counts = !(c >= '0' && c <= '9') && c != ' ' && c != '\t' && c != '\r';
    if (counts) sign += c;
  }
  return sign;
}

}  // namespace mixagent
