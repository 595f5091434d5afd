#include "engine/gate.h"

#include "base/text.h"
#include "core/verdict.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mixagent {

bool has_several_parts(const std::string& goal) {
  constexpr std::size_t short_goal = 280;
  if (goal.size() > short_goal) return true;
  static constexpr std::array<std::string_view, 6> signs = {" and then ", "; ",   " as well as ",
                                                            " also ",     "\n- ", "\n1."};
  const std::string text = lower(goal);
  return std::any_of(signs.begin(), signs.end(),
                     [&](std::string_view sign) { return text.find(sign) != std::string::npos; });
}

bool is_target(const CheckRecord& check, const std::string& goal) {
  if (check.unusable || check.flaky || check.passed()) return false;
  // Some tests of a suite are red: that is the goal's matter only when the goal is about them.
  return !check.counts || check.counts->failed == 0 ||
         std::any_of(check.broken.begin(), check.broken.end(), [&](const std::string& test) {
           return names_test(goal, test) || hints_at(goal, test);
         });
}

GateRuling choose_lane(const Goal& goal, const std::vector<CheckRecord>& baseline) {
  const bool target = std::any_of(baseline.begin(), baseline.end(), [&](const CheckRecord& check) {
    return is_target(check, goal.text);
  });
  if (!target)
    return {false, "no check fails yet that the goal must turn green: the planner decides"};
  if (has_several_parts(goal.text))
    return {false, "the goal seems to have several parts: the planner decides"};
  return {true,
          "a check fails that the goal must turn green, and the goal is one piece: cheap first, "
          "the planner only if that fails"};
}

}  // namespace mixagent
