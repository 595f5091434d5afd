#include "mixagent/run_state.h"

#include <algorithm>

namespace mixagent {
namespace {

// The step of that name, made known if a fact mentions it first. Empty names are the run's own: no
// step.
StepState* step_of(RunState& state, const std::string& id) {
  if (id.empty()) return nullptr;
  const auto [found, made] = state.steps.try_emplace(id);
  if (made) {
    found->second.step.id = id;
    state.order.push_back(id);
  }
  return &found->second;
}

// ---- money
// --------------------------------------------------------------------------------------------------------

void spend(RunState& state, const std::string& seat, const std::string& model, Money cost) {
  if (cost == Money{}) return;
  state.spent += cost;
  if (!seat.empty()) state.by_seat[seat] += cost;
  if (!model.empty()) state.by_model[model] += cost;
}

void waste(RunState& state, StepState* step, Money cost) {
  state.wasted += cost;
  if (step != nullptr) step->wasted += cost;
}

// Money for which nothing came back that is used.
void spend_in_vain(RunState& state, const std::string& seat, const std::string& model,
                   const std::string& step_id, Money cost) {
  auto* step = step_of(state, step_id);
  spend(state, seat, model, cost);
  if (step != nullptr) step->cost += cost;
  waste(state, step, cost);
}

void set_wasted(RunState& state, StepState& step, AttemptMoney& attempt, bool wasted) {
  if (attempt.wasted == wasted) return;
  attempt.wasted = wasted;
  waste(state, &step, wasted ? attempt.cost : Money{} - attempt.cost);
}

void add_to_attempt(RunState& state, StepState& step, int number, Money cost) {
  auto& attempt = step.attempt_money[number];
  attempt.cost += cost;
  if (attempt.wasted) waste(state, &step, cost);
  if (number == step.attempts && !attempt.wasted) step.attempt_cost = attempt.cost;
}

// A reply that was paid and then not used: out of the attempt's account, into the waste.
void discard_reply(RunState& state, const std::string& key) {
  const auto found = state.settled.find(key);
  if (found == state.settled.end()) return;
  const SettledCall call = found->second;
  state.settled.erase(found);
  auto* step = step_of(state, call.step);
  if (step != nullptr && call.attempt > 0)
    add_to_attempt(state, *step, call.attempt, Money{} - call.cost);
  waste(state, step, call.cost);
}

// What a killed process had asked for may have been generated and billed.
void book_lost_calls(RunState& state) {
  for (const auto& [key, call] : state.open) {
    spend_in_vain(state, call.seat, call.model, call.step, call.reserved);
    state.lost.insert(key);
  }
  state.open.clear();
}

// ---- lists that are kept by name
// ----------------------------------------------------------------------------------

void put_check(std::vector<CheckRecord>& checks, const CheckRecord& check) {
  const auto same = std::find_if(checks.begin(), checks.end(), [&](const CheckRecord& other) {
    return other.command == check.command;
  });
  if (same == checks.end()) {
    checks.push_back(check);
  } else {
    *same = check;
  }
}

bool is_finished(StepPhase phase) {
  return phase == StepPhase::verified || phase == StepPhase::unverified;
}

// A later revision keeps what is finished and drops what it no longer names.
void adopt_plan(RunState& state, const Plan& plan) {
  std::vector<std::string> named;
  for (const auto& step : plan.steps) named.push_back(step.id);
  const auto in_plan = [&](const std::string& id) {
    return std::find(named.begin(), named.end(), id) != named.end();
  };
  std::vector<std::string> order;
  for (const auto& id : state.order) {
    if (in_plan(id)) continue;
    if (state.steps.at(id).attempts == 0 && !is_finished(state.steps.at(id).phase)) {
      state.steps.erase(id);
    } else {
      order.push_back(id);
    }
  }
  for (const auto& step : plan.steps) {
    auto& kept = state.steps[step.id];
    kept.step = step;
    if (kept.seat.empty()) kept.seat = step.seat;
    if (kept.phase == StepPhase::failed || kept.phase == StepPhase::skipped)
      kept.phase = StepPhase::waiting;
    if (std::find(order.begin(), order.end(), step.id) == order.end()) order.push_back(step.id);
  }
  state.order = std::move(order);
  state.plan = plan;
}

StepPhase phase_of(StepStatus status) {
  switch (status) {
    case StepStatus::verified:
      return StepPhase::verified;
    case StepStatus::unverified:
      return StepPhase::unverified;
    case StepStatus::failed:
      return StepPhase::failed;
    case StepStatus::skipped:
      return StepPhase::skipped;
  }
  return StepPhase::failed;
}

// ---- the fold
// -----------------------------------------------------------------------------------------------------

struct Fold {
  RunState& state;
  const Event& event;

  void operator()(const RunStarted& fact) const {
    state.started = fact;
    if (state.started_ms == 0) state.started_ms = event.at_ms;
    book_lost_calls(state);
  }

  void operator()(const RunResumed&) const {
    book_lost_calls(state);
    state.completed = false;
  }

  void operator()(const SnapshotTaken& fact) const {
    state.base_tree = fact.tree;
    if (state.head_tree.empty()) state.head_tree = fact.tree;
  }

  void operator()(const BaselineCompleted& fact) const {
    for (const auto& check : fact.checks) put_check(state.baseline, check);
  }

  void operator()(const PlanCreated& fact) const {
    state.lane = fact.lane;
    state.lane_reason = fact.reason;
    adopt_plan(state, fact.plan);
  }

  void operator()(const PlanRejected&) const {}

  void operator()(const Replanned& fact) const {
    if (auto* step = step_of(state, fact.step)) step->why = fact.why;
  }

  void operator()(const StepStarted& fact) const {
    auto* step = step_of(state, fact.step);
    if (step == nullptr) return;
    step->phase = StepPhase::running;
    step->seat = fact.seat;
    if (!fact.title.empty()) step->step.title = fact.title;
  }

  void operator()(const AttemptStarted& fact) const {
    auto* step = step_of(state, fact.step);
    if (step == nullptr) return;
    step->attempts = std::max(step->attempts, fact.attempt);
    step->phase = StepPhase::running;
    step->seat = fact.seat;
    step->model = fact.model;
    step->doing = "attempt " + std::to_string(fact.attempt) + " by " + fact.model;
    // Under way again after an interruption: not wasted yet.
    auto& attempt = step->attempt_money[fact.attempt];
    attempt.model = fact.model;
    set_wasted(state, *step, attempt, false);
    step->attempt_cost = attempt.cost;
  }

  void operator()(const CallStarted& fact) const {
    state.lost.erase(fact.key);
    state.open[fact.key] = {fact.seat, fact.model, fact.step, fact.reserved, event.at_ms};
  }

  void operator()(const CallCompleted& fact) const {
    state.open.erase(fact.key);
    ++state.model_calls;
    ++state.calls_by_seat[fact.seat];
    ++state.calls_by_model[fact.model];
    state.usage += fact.usage;
    state.usage_by_seat[fact.seat] += fact.usage;
    state.usage_by_model[fact.model] += fact.usage;
    spend(state, fact.seat, fact.model, fact.cost);
    auto* step = step_of(state, fact.step);
    const bool of_attempt = step != nullptr && fact.attempt > 0 && fact.seat == step->seat;
    state.settled[fact.key] = {fact.step, of_attempt ? fact.attempt : 0, fact.cost};
    if (step != nullptr) step->cost += fact.cost;
    if (of_attempt) add_to_attempt(state, *step, fact.attempt, fact.cost);
  }

  void operator()(const CallRetried& fact) const {
    ++state.retries;
    discard_reply(state, fact.key);
    spend_in_vain(state, fact.seat, fact.model, fact.step, fact.cost);
  }

  void operator()(const CallFailedOver& fact) const {
    spend_in_vain(state, fact.seat, fact.from, fact.step, fact.cost);
  }

  void operator()(const CallFailed& fact) const {
    state.open.erase(fact.key);
    // Booked when the run was resumed.
    if (state.lost.erase(fact.key) > 0) return;
    spend_in_vain(state, fact.seat, fact.model, fact.step, fact.cost);
  }

  void operator()(const EffectCompleted&) const {}
  void operator()(const ToolCompleted&) const {}
  void operator()(const EditApplied&) const {}
  void operator()(const EditRejected&) const {}
  void operator()(const ScopeExtended&) const {}
  void operator()(const GateFailed&) const {}

  void operator()(const CheckCompleted& fact) const {
    if (fact.phase == "final") put_check(state.final_checks, fact.check);
    if (auto* step = step_of(state, fact.step)) step->doing = "checks";
  }

  void operator()(const AttemptCompleted& fact) const {
    auto* step = step_of(state, fact.step);
    if (step == nullptr) return;
    step->attempts = std::max(step->attempts, fact.attempt);
    set_wasted(state, *step, step->attempt_money[fact.attempt], fact.outcome != "accepted");
    if (fact.attempt == step->attempts) step->attempt_cost = {};
    step->doing.clear();
    step->tree = fact.tree;
    step->why = fact.why;
  }

  void operator()(const Escalated& fact) const {
    if (state.climbs.insert(fact.step + "\n" + fact.from + "\n" + fact.to).second)
      ++state.escalations;
  }

  void operator()(const LadderStopped&) const {}

  void operator()(const ReviewCompleted& fact) const {
    if (auto* step = step_of(state, fact.step)) {
      step->doing = "review";
    } else {
      state.findings_open = fact.review.findings;
    }
  }

  void operator()(const StepCompleted& fact) const {
    auto* step = step_of(state, fact.step);
    if (step == nullptr) return;
    step->phase = phase_of(fact.status);
    for (int number = 1; number <= fact.set_back; ++number)
      set_wasted(state, *step, step->attempt_money[number], true);
    // The one that is used, whatever it was called before.
    const int used = fact.attempt > 0 ? fact.attempt : step->attempts;
    if (is_finished(step->phase) && used > 0) {
      auto& attempt = step->attempt_money[used];
      set_wasted(state, *step, attempt, false);
      if (!attempt.model.empty()) step->model = attempt.model;
    }
    step->tree = fact.tree;
    step->why = fact.why;
    step->doing.clear();
  }

  void operator()(const StepSkipped& fact) const {
    auto* step = step_of(state, fact.step);
    if (step == nullptr) return;
    step->phase = StepPhase::skipped;
    step->why = fact.why;
    step->doing.clear();
  }

  void operator()(const ChangeIntegrated& fact) const {
    if (fact.conflicts.empty()) state.head_tree = fact.tree;
  }

  void operator()(const ChangeApplied& fact) const {
    if (fact.how == "started" || fact.how == "refused" || !fact.conflicts.empty()) return;
    state.applied = fact.files;
    state.delivered = fact.how;
    if (fact.how != "working tree" && !fact.target.empty()) state.delivered += " " + fact.target;
    state.branch = fact.how == "branch" ? fact.target : "";
    state.commit = fact.commit;
  }

  void operator()(const BudgetWarning&) const {}

  void operator()(const NoteAdded& fact) const {
    std::string note = fact.step.empty() ? fact.text : fact.step + ": " + fact.text;
    if (std::find(state.notes.begin(), state.notes.end(), note) == state.notes.end()) {
      state.notes.push_back(std::move(note));
    }
  }

  void operator()(const RunCompleted& fact) const {
    state.completed = true;
    state.result = fact.result;
  }

  void operator()(const UnknownFact&) const { ++state.unknown; }
};

}  // namespace

void apply(RunState& state, const Event& event) {
  state.last_seq = event.seq;
  state.last_ms = event.at_ms;
  std::visit(Fold{state, event}, event.fact);
}

RunState fold(const std::vector<Event>& events) {
  RunState state;
  for (const auto& event : events) apply(state, event);
  return state;
}

}  // namespace mixagent
