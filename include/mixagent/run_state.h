#pragma once
// What the facts add up to: RunState = fold(events). The fold is total and pure
// (core/run_state.cpp): no I/O, no clock, no failure. Progress display, result, `show` and `runs`
// read this and keep no truth of their own.

#include "mixagent/event.h"
#include "mixagent/fields.h"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

enum class StepPhase { waiting, running, verified, unverified, failed, skipped };
constexpr std::array<std::string_view, 6> enum_names(StepPhase) {
  return {"waiting", "running", "verified", "unverified", "failed", "skipped"};
}

struct AttemptMoney {
  Money cost;
  bool wasted = false;  // its change is not in the result
  std::string model = {};
  bool operator==(const AttemptMoney&) const = default;
};

struct StepState {
  Step step;
  StepPhase phase = StepPhase::waiting;
  std::string seat, model;
  int attempts = 0;
  Money cost, wasted;
  Money attempt_cost;                         // of the attempt under way
  std::map<int, AttemptMoney> attempt_money;  // by attempt: calls of the attempt's own seat
  std::string doing;  // "attempt 2 by model", "checks", "review": for the display
  std::string tree, why;
};

struct OpenCall {
  std::string seat, model, step;
  Money reserved;
  std::int64_t since_ms = 0;
};

// A call that is paid, and what it counts towards.
struct SettledCall {
  std::string step;
  int attempt = 0;  // 0: of another seat than the attempt's
  Money cost;
};

struct RunState {
  RunStarted started;
  std::int64_t started_ms = 0, last_ms = 0, last_seq = 0;
  std::string base_tree, head_tree;  // head: after the last integration
  Plan plan;
  std::string lane, lane_reason;
  std::vector<std::string> order;  // step ids in plan order
  std::map<std::string, StepState> steps;
  std::vector<CheckRecord> baseline, final_checks;
  std::vector<Finding> findings_open;
  Usage usage;
  Money spent;  // settled
  Money wasted;
  std::map<std::string, Money> by_seat, by_model;
  std::map<std::string, Usage> usage_by_seat, usage_by_model;
  std::map<std::string, int> calls_by_seat, calls_by_model;
  std::map<std::string, OpenCall> open;  // call key -> reservation without an end
  std::set<std::string>
      lost;  // calls of a killed process: their reservation is booked when the run is resumed
  std::map<std::string, SettledCall>
      settled;                   // by call key: a reply that is discarded afterwards is wasted
  std::set<std::string> climbs;  // rung changes: a resumed run tells the same ones again
  int model_calls = 0, escalations = 0, retries = 0, unknown = 0;
  std::vector<std::string> notes;
  std::vector<std::string> applied;  // files delivered
  std::string delivered;
  std::string branch, commit;  // delivered as
  bool completed = false;
  RunResult result;
};

void apply(RunState& state, const Event& event);
RunState fold(const std::vector<Event>& events);

}  // namespace mixagent
