#include "mixagent/run_state.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace mixagent;

namespace {

constexpr Money cent{pico_per_usd / 100};

// Facts in order, one second apart, numbered from one.
std::vector<Event> told(std::vector<Fact> facts) {
  std::vector<Event> events;
  for (auto& fact : facts) {
    const auto seq = static_cast<std::int64_t>(events.size()) + 1;
    events.push_back({seq, 1'000'000 + seq * 1000, {"r1"}, std::move(fact)});
  }
  return events;
}

Usage tokens(std::int64_t input, std::int64_t output) {
  Usage usage;
  usage.input = input;
  usage.output = output;
  usage.reported = true;
  return usage;
}

CallStarted asks(const std::string& key, const std::string& seat, const std::string& model,
                 const std::string& step, int attempt = 0, Money reserved = cent * 5) {
  return {key, seat, model, "p", step, attempt, "request", "hash", reserved};
}
CallCompleted answered(const std::string& key, const std::string& seat, const std::string& model,
                       const std::string& step, int attempt, Money cost) {
  return {key, seat, model, "p", step, attempt, tokens(100, 10), cost, 500, "stop", "reply", {}};
}
AttemptStarted tries(const std::string& step, int attempt, const std::string& model) {
  return {step, attempt, attempt - 1, "worker", model};
}
AttemptCompleted ends(const std::string& step, int attempt, const std::string& outcome) {
  return {step, attempt, attempt - 1, "worker",
          "m",  outcome, "because",   "t" + std::to_string(attempt)};
}

Step named(const std::string& id, const std::string& title) {
  Step step;
  step.id = id;
  step.title = title;
  step.instructions = "do";
  return step;
}
PlanCreated planned(std::vector<Step> steps, int revision = 1) {
  Plan plan;
  plan.steps = std::move(steps);
  return {"plan", "several parts", revision, plan, {}};
}

CheckRecord check(const std::string& command, int exit_code) {
  CheckRecord record;
  record.command = command;
  record.exit_code = exit_code;
  return record;
}

// Everything that is spent is spent by a seat and by a model.
void check_sums(const RunState& state) {
  Money seats;
  Money models;
  for (const auto& [name, cost] : state.by_seat) seats += cost;
  for (const auto& [name, cost] : state.by_model) models += cost;
  CHECK(seats == state.spent);
  CHECK(models == state.spent);
  CHECK(state.wasted <= state.spent);
}

}  // namespace

TEST_CASE("a run from its start to its end") {
  RunStarted started;
  started.goal = "paginate";
  RunResult result;
  result.run_id = "r1";
  result.exit_code = 0;
  const auto events = told({
      started,
      SnapshotTaken{"t0", 10, 2000, 5, {}},
      BaselineCompleted{{check("pytest", 1)}},
      asks("plan/1", "planner", "big", ""),
      answered("plan/1", "planner", "big", "", 0, cent * 20),
      planned({named("s1", "Page"), named("s2", "List")}),
      StepStarted{"s1", "Page", "worker", "t0"},
      tries("s1", 1, "small"),
      asks("s1/1/1", "worker", "small", "s1", 1),
      CallRetried{"s1/1/1", "worker", "small", "s1", "network", "cut", 500, cent},
      answered("s1/1/1", "worker", "small", "s1", 1, cent * 2),
      answered("s1/1/advice", "advisor", "big", "s1", 1, cent * 3),
      ends("s1", 1, "checks_failed"),
      Escalated{"s1", "small", "middle", "checks"},
      tries("s1", 2, "middle"),
      answered("s1/2/1", "worker", "middle", "s1", 2, cent * 4),
      CheckCompleted{"s1", "attempt", check("pytest -k page", 0), "blob"},
      answered("s1/review", "reviewer", "other", "s1", 2, cent * 5),
      ends("s1", 2, "accepted"),
      StepCompleted{"s1", StepStatus::verified, "t1", "checks pass"},
      ChangeIntegrated{"s1", "t1", {}},
      StepSkipped{"s2", "not needed"},
      CheckCompleted{"", "final", check("pytest", 1), "blob"},
      CheckCompleted{"", "final", check("pytest", 0), "blob"},
      ReviewCompleted{
          "",
          1,
          "other",
          {ReviewVerdict::approve, 0.9, {{"f1", Severity::nit, "", 0, "name", "", ""}}, ""},
          ""},
      ChangeApplied{"started", "t1", "/repo", {"a.py"}, {}},
      ChangeApplied{"working tree", "t1", "/repo", {"a.py"}, {}},
      NoteAdded{"weaker sandbox", ""},
      NoteAdded{"same family", "s1"},
      NoteAdded{"weaker sandbox", ""},
      UnknownFact{"moon.risen", "{}"},
      RunCompleted{result},
  });
  const RunState state = fold(events);
  check_sums(state);

  CHECK(state.started.goal == "paginate");
  CHECK(state.started_ms == events.front().at_ms);
  CHECK(state.last_ms == events.back().at_ms);
  CHECK(state.last_seq == static_cast<std::int64_t>(events.size()));
  CHECK(state.base_tree == "t0");
  CHECK(state.head_tree == "t1");
  CHECK(state.lane == "plan");
  CHECK(state.lane_reason == "several parts");
  CHECK(state.order == std::vector<std::string>{"s1", "s2"});

  CHECK(state.spent == cent * 35);
  CHECK(state.wasted ==
        cent * 3);  // the cut reply and the first attempt's own call, not the advice
  CHECK(state.by_seat == std::map<std::string, Money>{{"planner", cent * 20},
                                                      {"worker", cent * 7},
                                                      {"advisor", cent * 3},
                                                      {"reviewer", cent * 5}});
  CHECK(state.by_model ==
        std::map<std::string, Money>{
            {"big", cent * 23}, {"small", cent * 3}, {"middle", cent * 4}, {"other", cent * 5}});
  CHECK(state.usage == tokens(500, 50));
  CHECK(state.usage_by_seat.at("worker") == tokens(200, 20));
  CHECK(state.usage_by_model.at("big") == tokens(200, 20));
  CHECK(state.calls_by_seat ==
        std::map<std::string, int>{{"planner", 1}, {"worker", 2}, {"advisor", 1}, {"reviewer", 1}});
  CHECK(state.calls_by_model ==
        std::map<std::string, int>{{"big", 2}, {"small", 1}, {"middle", 1}, {"other", 1}});
  CHECK(state.model_calls == 5);
  CHECK(state.retries == 1);
  CHECK(state.escalations == 1);
  CHECK(state.unknown == 1);
  CHECK(state.open.empty());

  const StepState& step = state.steps.at("s1");
  CHECK(step.phase == StepPhase::verified);
  CHECK(step.step.title == "Page");
  CHECK(step.seat == "worker");
  CHECK(step.model == "middle");
  CHECK(step.attempts == 2);
  CHECK(step.cost == cent * 15);
  CHECK(step.wasted == cent * 3);
  CHECK(step.attempt_cost == Money{});
  CHECK(step.doing.empty());
  CHECK(step.tree == "t1");
  CHECK(step.why == "checks pass");
  CHECK(state.steps.at("s2").phase == StepPhase::skipped);
  CHECK(state.steps.at("s2").why == "not needed");

  CHECK(state.baseline == std::vector<CheckRecord>{check("pytest", 1)});
  CHECK(state.final_checks == std::vector<CheckRecord>{check("pytest", 0)});
  REQUIRE(state.findings_open.size() == 1);
  CHECK(state.findings_open[0].id == "f1");
  CHECK(state.delivered == "working tree");
  CHECK(state.applied == std::vector<std::string>{"a.py"});
  CHECK(state.notes == std::vector<std::string>{"weaker sandbox", "s1: same family"});
  CHECK(state.completed);
  CHECK(state.result == result);
}

TEST_CASE("applying one by one is folding") {
  const auto events = told({RunStarted{}, planned({named("s1", "")}), tries("s1", 1, "m"),
                            answered("k", "worker", "m", "s1", 1, cent)});
  RunState state;
  for (const auto& event : events) apply(state, event);
  CHECK(state.spent == fold(events).spent);
  CHECK(state.last_seq == 4);
  CHECK(fold({}).last_seq == 0);
}

TEST_CASE("an attempt under way shows what it costs and does") {
  const RunState state =
      fold(told({planned({named("s1", "Page"), named("s2", "List")}), tries("s1", 2, "small"),
                 asks("k1", "worker", "small", "s1", 2, cent * 7),
                 answered("k0", "worker", "small", "s1", 2, cent)}));
  const StepState& step = state.steps.at("s1");
  CHECK(step.phase == StepPhase::running);
  CHECK(step.doing == "attempt 2 by small");
  CHECK(step.attempts == 2);
  CHECK(step.attempt_cost == cent);
  CHECK(step.wasted == Money{});
  CHECK(state.steps.at("s2").phase == StepPhase::waiting);
  REQUIRE(state.open.size() == 1);
  const OpenCall& open = state.open.at("k1");
  CHECK(open.seat == "worker");
  CHECK(open.model == "small");
  CHECK(open.step == "s1");
  CHECK(open.reserved == cent * 7);
  CHECK(open.since_ms == 1'003'000);
  CHECK(state.spent == cent);
}

TEST_CASE("what a step is doing follows the facts") {
  auto facts = std::vector<Fact>{tries("s1", 1, "m")};
  CHECK(fold(told(facts)).steps.at("s1").doing == "attempt 1 by m");
  facts.emplace_back(CheckCompleted{"s1", "attempt", check("c", 0), ""});
  CHECK(fold(told(facts)).steps.at("s1").doing == "checks");
  facts.emplace_back(ReviewCompleted{"s1", 1, "m", {}, ""});
  CHECK(fold(told(facts)).steps.at("s1").doing == "review");
  facts.emplace_back(ends("s1", 1, "accepted"));
  CHECK(fold(told(facts)).steps.at("s1").doing.empty());
}

TEST_CASE(
    "every outcome but accepted wastes the attempt, and being used after all takes that back") {
  const auto wasted = [](std::vector<Fact> more) {
    std::vector<Fact> facts = {tries("s1", 1, "m"), answered("k", "worker", "m", "s1", 1, cent)};
    for (auto& fact : more) facts.push_back(std::move(fact));
    const RunState state = fold(told(facts));
    CHECK(state.steps.at("s1").wasted == state.wasted);
    CHECK(state.spent == cent);
    return state.wasted;
  };
  CHECK(wasted({}) == Money{});
  CHECK(wasted({ends("s1", 1, "accepted")}) == Money{});
  for (const char* outcome :
       {"checks_failed", "gate_failed", "malformed", "gave_up", "cancelled", "error"}) {
    CAPTURE(outcome);
    CHECK(wasted({ends("s1", 1, outcome)}) == cent);
    CHECK(wasted({ends("s1", 1, outcome), ends("s1", 1, outcome)}) == cent);
  }
  CHECK(wasted({ends("s1", 1, "cancelled"), tries("s1", 1, "m")}) == Money{});
  CHECK(wasted({ends("s1", 1, "cancelled"), tries("s1", 1, "m"), ends("s1", 1, "accepted")}) ==
        Money{});
  CHECK(wasted({ends("s1", 1, "rejected"), StepCompleted{"s1", StepStatus::unverified, "t", ""}}) ==
        Money{});
  CHECK(wasted({ends("s1", 1, "rejected"), StepCompleted{"s1", StepStatus::failed, "t", ""}}) ==
        cent);
  // Set back, and done again; then: rejected, and used since the next one brought nothing.
  CHECK(wasted({ends("s1", 1, "accepted"),
                StepCompleted{"s1", StepStatus::verified, "t", "", 2, 1}}) == cent);
  CHECK(wasted({ends("s1", 1, "rejected"), tries("s1", 2, "n"), ends("s1", 2, "gave_up"),
                StepCompleted{"s1", StepStatus::unverified, "t", "", 1}}) == Money{});
}

TEST_CASE("a reply that was discarded is wasted once, whatever becomes of its attempt") {
  for (const char* outcome : {"accepted", "malformed"}) {
    CAPTURE(outcome);
    std::vector<Fact> facts = {tries("s1", 1, "m"), answered("k", "worker", "m", "s1", 1, cent),
                               CallRetried{"k", "worker", "m", "s1", "malformed", "no JSON", 0, {}},
                               answered("k/again", "worker", "m", "s1", 1, cent * 2),
                               ends("s1", 1, outcome)};
    const RunState state = fold(told(facts));
    check_sums(state);
    CHECK(state.spent == cent * 3);
    CHECK(state.wasted == (std::string(outcome) == "accepted" ? cent : cent * 3));
    CHECK(state.steps.at("s1").wasted == state.wasted);
    // Told again by a resumed run.
    facts.insert(facts.begin() + 3, facts[2]);
    CHECK(fold(told(facts)).wasted == state.wasted);
  }
}

TEST_CASE("calls that fail or move on are booked where tokens may have been generated") {
  const RunState state = fold(told(
      {asks("a", "worker", "m", "s1", 1),
       CallFailedOver{"a", "worker", "s1", "m", "n", "overloaded", cent},
       CallFailed{"a", "worker", "n", "s1", "network", "cut", cent * 5},
       asks("b", "planner", "m", ""), CallFailed{"b", "planner", "m", "", "auth", "refused", {}}}));
  check_sums(state);
  CHECK(state.spent == cent * 6);
  CHECK(state.wasted == cent * 6);
  CHECK(state.by_model == std::map<std::string, Money>{{"m", cent}, {"n", cent * 5}});
  CHECK(state.steps.at("s1").cost == cent * 6);
  CHECK(state.open.empty());
  CHECK(state.model_calls == 0);
}

TEST_CASE("a resumed run books what the killed one left open, once") {
  const std::vector<Fact> killed = {RunStarted{}, tries("s1", 1, "m"),
                                    asks("k", "worker", "m", "s1", 1, cent * 5)};
  const auto resumed = [&](std::vector<Fact> more) {
    std::vector<Fact> facts = killed;
    for (auto& fact : more) facts.push_back(std::move(fact));
    const RunState state = fold(told(facts));
    check_sums(state);
    return std::pair{state.spent, state.wasted};
  };
  CHECK(resumed({}) == std::pair{Money{}, Money{}});
  CHECK(fold(told(killed)).open.size() == 1);
  CHECK(resumed({RunResumed{3}}) == std::pair{cent * 5, cent * 5});
  CHECK(resumed({RunResumed{3}, RunResumed{4}}) == std::pair{cent * 5, cent * 5});
  CHECK(resumed({RunStarted{}}) == std::pair{cent * 5, cent * 5});
  CHECK(resumed({RunResumed{3}, CallFailed{"k", "worker", "m", "s1", "cancelled", "killed",
                                           cent * 5}}) == std::pair{cent * 5, cent * 5});
  CHECK(resumed({RunResumed{3}, asks("k", "worker", "m", "s1", 1),
                 answered("k", "worker", "m", "s1", 1, cent)}) == std::pair{cent * 6, cent * 5});
}

TEST_CASE("facts that a resumed run tells again add nothing") {
  const std::vector<Fact> first = {
      planned({named("s1", "Page")}), StepStarted{"s1", "Page", "worker", "t0"},
      tries("s1", 1, "small"),        answered("k1", "worker", "small", "s1", 1, cent),
      ends("s1", 1, "checks_failed"), Escalated{"s1", "small", "middle", "checks"},
      tries("s1", 2, "middle"),       answered("k2", "worker", "middle", "s1", 2, cent * 2)};
  std::vector<Fact> facts = first;
  facts.emplace_back(RunResumed{8});
  for (const auto& fact : first) {
    if (!std::holds_alternative<CallCompleted>(fact)) facts.push_back(fact);
  }
  facts.emplace_back(ends("s1", 2, "accepted"));
  const RunState state = fold(told(facts));
  CHECK(state.spent == cent * 3);
  CHECK(state.wasted == cent);
  CHECK(state.escalations == 1);
  CHECK(state.steps.at("s1").attempts == 2);
  CHECK(state.order == std::vector<std::string>{"s1"});
}

TEST_CASE("a new plan keeps what is finished and drops what never began") {
  const RunState state = fold(told(
      {planned({named("a", "A"), named("b", "B"), named("c", "C"), named("d", "D")}),
       tries("a", 1, "m"), StepCompleted{"a", StepStatus::verified, "t1", ""}, tries("b", 1, "m"),
       StepCompleted{"b", StepStatus::failed, "t0", "checks"}, StepSkipped{"c", "b failed"},
       Replanned{"b is two steps", "b"}, planned({named("b1", "B1"), named("c", "C2")}, 2)}));
  CHECK(state.order == std::vector<std::string>{"a", "b", "b1", "c"});
  CHECK(state.steps.size() == 4);
  CHECK(state.steps.at("a").phase == StepPhase::verified);
  CHECK(state.steps.at("b").phase == StepPhase::failed);
  CHECK(state.steps.at("b").why == "b is two steps");
  CHECK(state.steps.at("b1").phase == StepPhase::waiting);
  CHECK(state.steps.at("c").phase == StepPhase::waiting);
  CHECK(state.steps.at("c").step.title == "C2");
  CHECK(state.plan.steps.size() == 2);
}

TEST_CASE("a delivery that did not happen is none") {
  CHECK(fold(told({ChangeApplied{"started", "t", "/r", {"a"}, {}}})).delivered.empty());
  CHECK(fold(told({ChangeApplied{"refused", "t", "/r", {}, {"a"}}})).delivered.empty());
  CHECK(fold(told({ChangeApplied{"working tree", "t", "/r", {}, {"a"}}})).delivered.empty());
  CHECK(fold(told({ChangeApplied{"patch", "t", "x.diff", {"a"}, {}}})).delivered == "patch x.diff");
  CHECK(
      fold(told({ChangeIntegrated{"s", "t1", {}}, ChangeIntegrated{"s", "t2", {"a"}}})).head_tree ==
      "t1");
}

TEST_CASE("the fold takes any facts in any order") {
  std::vector<Fact> facts = {RunCompleted{},     StepCompleted{"x", StepStatus::verified, "", ""},
                             AttemptCompleted{}, AttemptStarted{},
                             CallCompleted{},    CallFailed{},
                             CallRetried{},      CallFailedOver{},
                             ReviewCompleted{},  CheckCompleted{},
                             ChangeIntegrated{}, ChangeApplied{},
                             PlanCreated{},      PlanRejected{},
                             Replanned{},        StepStarted{},
                             StepSkipped{},      Escalated{},
                             LadderStopped{},    EffectCompleted{},
                             ToolCompleted{},    EditApplied{},
                             EditRejected{},     ScopeExtended{},
                             GateFailed{},       BudgetWarning{},
                             NoteAdded{},        BaselineCompleted{},
                             SnapshotTaken{},    CallStarted{},
                             RunResumed{},       RunStarted{},
                             UnknownFact{}};
  CHECK(facts.size() == std::variant_size_v<Fact>);
  const RunState state = fold(told(facts));
  CHECK(state.last_seq == static_cast<std::int64_t>(facts.size()));
  CHECK(state.order == std::vector<std::string>{"x"});
  CHECK_FALSE(state.completed);
}
