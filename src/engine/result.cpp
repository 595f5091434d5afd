#include "core/price.h"
#include "engine/finish.h"

#include "mixagent/run_state.h"

#include <fmt/core.h>

#include <algorithm>

namespace mixagent {

namespace {

StepStatus status_of(StepPhase phase) {
  switch (phase) {
    case StepPhase::verified:
      return StepStatus::verified;
    case StepPhase::unverified:
      return StepStatus::unverified;
    case StepPhase::skipped:
    case StepPhase::waiting:
      return StepStatus::skipped;
    case StepPhase::running:
    case StepPhase::failed:
      return StepStatus::failed;
  }
  return StepStatus::failed;
}

// What the same tokens would have cost on the planner's model alone.
Money frontier_cost(const RunState& state, const Lineup& lineup) {
  const Seat* planner = lineup.seat("planner");
  const Model* model =
      planner != nullptr && !planner->ladder.empty() ? lineup.model(planner->ladder[0]) : nullptr;
  if (model == nullptr || !model->price) return {};
  return table_cost(state.usage, *model->price);
}

bool resumable(const std::string& subtype) {
  return subtype == "budget" || subtype == "limit" || subtype == "quota" || subtype == "timeout" ||
         subtype == "interrupted";
}

}  // namespace

int exit_code_of(const std::string& subtype) {
  static const std::map<std::string, int> codes = {
      {"success", 0}, {"error", 1},  {"usage", 2},      {"not_reached", 3},
      {"budget", 4},  {"limit", 5},  {"need_input", 6}, {"auth", 7},
      {"sandbox", 8}, {"quota", 75}, {"timeout", 124},  {"interrupted", 130}};
  const auto found = codes.find(subtype);
  MIX_CHECK(found != codes.end(), "every subtype has an exit code");
  return found->second;
}

std::string subtype_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::usage:
    case ErrorCode::config:
    case ErrorCode::not_found:
    case ErrorCode::denied:
      return "usage";
    case ErrorCode::auth:
      return "auth";
    case ErrorCode::quota:
      return "quota";
    case ErrorCode::budget:
      return "budget";
    case ErrorCode::limit:
      return "limit";
    case ErrorCode::cancelled:
      return "interrupted";
    case ErrorCode::sandbox:
      return "sandbox";
    case ErrorCode::conflict:
    case ErrorCode::need_input:
      return "need_input";
    case ErrorCode::io:
    case ErrorCode::process:
    case ErrorCode::network:
    case ErrorCode::timeout:
    case ErrorCode::rate_limited:
    case ErrorCode::overloaded:
    case ErrorCode::server:
    case ErrorCode::bad_request:
    case ErrorCode::context_too_long:
    case ErrorCode::content_filter:
    case ErrorCode::protocol:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return "error";
  }
  return "error";
}

RunResult compose_result(const Goal& goal, Tools& tools, const Ending& ending) {
  const auto events = tools.journal.events();
  const RunState state = fold(events);
  RunResult result;
  result.subtype = ending.subtype;
  result.exit_code = exit_code_of(ending.subtype);
  result.is_error = result.exit_code != 0;
  result.run_id = events.empty() ? "" : events.front().run.text;
  result.goal = goal.text;
  result.decision = ending.decision;
  result.reason = ending.reason;
  result.verified = ending.verdict.verified;
  result.checks = ending.checks;
  for (const std::string& id : state.order) {
    const StepState& step = state.steps.at(id);
    result.steps.push_back({id, step.step.title, status_of(step.phase), step.seat, step.model,
                            step.attempts, step.cost});
  }
  result.findings_open = ending.open;
  result.files_changed = ending.delivered.files;
  result.flagged_files = ending.delivered.flagged;
  result.delivered = ending.delivered.how;
  result.branch = ending.delivered.branch;
  result.commit = ending.delivered.commit;
  result.usage = state.usage;
  result.total_cost = state.spent;
  result.cost_by_seat = state.by_seat;
  result.cost_by_model = state.by_model;
  result.wasted = state.wasted;
  result.frontier_cost = frontier_cost(state, tools.config.lineup);
  result.escalations = state.escalations;
  result.model_calls = state.model_calls;
  result.duration_ms =
      tools.clock.wall_ms() - (events.empty() ? tools.clock.wall_ms() : events.front().at_ms);
  if (resumable(ending.subtype)) result.resume = "mixagent resume " + result.run_id;
  if (ending.error) {
    const bool world = ending.subtype != "not_reached";
    result.error = ResultError{world ? to_string(ending.error->code) : ending.subtype,
                               describe(*ending.error)};
    result.resets_at = ending.error->resets_at;
  }
  return result;
}

}  // namespace mixagent
