#include "core/account.h"

#include <doctest/doctest.h>

#include <utility>

using namespace mixagent;

namespace {

std::vector<Event> told(std::vector<Fact> facts) {
  std::vector<Event> events;
  for (auto& fact : facts) {
    const auto seq = static_cast<std::int64_t>(events.size()) + 1;
    events.push_back({seq, seq * 1000, {"r1"}, std::move(fact)});
  }
  return events;
}

CallStarted asks(const std::string& key, const std::string& seat, const std::string& model,
                 int attempt, std::int64_t reserved) {
  return {key, seat, model, "p-" + model, "s1", attempt, "request", "hash", Money{reserved}};
}
CallCompleted answered(const std::string& key, const std::string& seat, const std::string& model,
                       int attempt, std::int64_t cost) {
  Usage usage;
  usage.input = 100;
  usage.reported = true;
  return {key,   seat,        model, "p-" + model, "s1",    attempt,
          usage, Money{cost}, 500,   "stop",       "reply", {}};
}

PlanCreated plan() {
  Step step;
  step.id = "s1";
  step.action = StepAction::test;
  step.difficulty = Difficulty::medium;
  Plan plan;
  plan.steps = {step};
  return {"plan", "", 1, plan, {}};
}

struct Told {
  std::string outcome, model, action;
  int rung = 0;
  Money cost, wasted;
  bool operator==(const Told&) const = default;
};

// Attempt 1 fails after one answer and one discarded one; the process dies in a call of attempt 2
// and is resumed, which retells attempt 2; a review costs, too.
std::vector<Fact> story() {
  return {RunStarted{},
          plan(),
          StepStarted{"s1", "t", "worker", ""},
          AttemptStarted{"s1", 1, 0, "worker", "small"},
          asks("a", "worker", "small", 1, 90),
          answered("a", "worker", "small", 1, 10),
          ToolCompleted{"s1", "worker", 1, "edit_file", false, 1, "f"},
          asks("b", "worker", "small", 1, 90),
          answered("b", "worker", "small", 1, 20),
          CallRetried{"b", "worker", "small", "s1", "malformed", "no json", 0, Money{}},
          AttemptCompleted{"s1", 1, 0, "worker", "small", "malformed", "", ""},
          Escalated{"s1", "small", "large", "malformed"},
          AttemptStarted{"s1", 2, 1, "worker", "large"},
          ToolCompleted{"s1", "worker", 2, "write_file", true, 1, "f"},
          asks("c", "worker", "large", 2, 70),
          RunResumed{15},
          AttemptStarted{"s1", 2, 1, "worker", "large"},
          ToolCompleted{"s1", "worker", 2, "write_file", true, 1, "f"},
          asks("c", "worker", "large", 2, 70),
          answered("c", "worker", "large", 2, 40),
          asks("r", "reviewer", "judge", 2, 50),
          answered("r", "reviewer", "judge", 2, 5),
          AttemptCompleted{"s1", 2, 1, "worker", "large", "accepted", "", ""},
          StepCompleted{"s1", StepStatus::verified, "", ""}};
}

}  // namespace

TEST_CASE("every call is a row, wasted ones by their attempt, lost ones at what they reserved") {
  const auto events = told(story());
  const Account account = account_of(events);
  std::vector<Told> rows;
  for (const CallRow& row : account.calls)
    rows.push_back({row.outcome, row.model, row.action, row.rung, row.cost, row.wasted});
  CHECK(rows == std::vector<Told>{{"ok", "small", "test", 0, Money{10}, Money{10}},
                                  {"ok", "small", "test", 0, Money{20}, Money{20}},
                                  {"retried", "small", "test", 0, Money{}, Money{}},
                                  {"lost", "large", "test", 1, Money{70}, Money{70}},
                                  {"ok", "large", "test", 1, Money{40}, Money{}},
                                  {"ok", "judge", "test", 1, Money{5}, Money{}}});
  CHECK(account.calls[3].provider == "p-large");
  CHECK(account.calls[2].kind == "malformed");
}

TEST_CASE("attempts and steps: what is retold on resume counts once") {
  const Account account = account_of(told(story()));
  const AttemptRow first{"s1", "worker", "small", "p-small", "test", "medium",  "malformed", 1,   0,
                         true, 1,        1,       0,         0,      Money{10}, Money{10},   4000};
  const AttemptRow second{"s1",       "worker", "large",   "p-large", "test", "medium",
                          "accepted", 2,        1,         false,     0,      0,
                          1,          0,        Money{40}, Money{},   17000};
  CHECK(account.attempts == std::vector<AttemptRow>{first, second});
  const StepRow step{"s1",     "t",        "worker", "large",    "p-large",  "test",
                     "medium", "verified", 2,        Money{145}, Money{100}, 1000};
  CHECK(account.steps == std::vector<StepRow>{step});
}

TEST_CASE("after every prefix the rows add up to the fold, and open calls come on top") {
  const auto events = told(story());
  for (std::size_t keep = 1; keep <= events.size(); ++keep) {
    const std::vector<Event> prefix(events.begin(),
                                    events.begin() + static_cast<std::ptrdiff_t>(keep));
    const RunState state = fold(prefix);
    Money cost, wasted, open;
    for (const CallRow& row : account_of(prefix).calls) {
      cost += row.cost;
      wasted += row.wasted;
    }
    for (const auto& [key, call] : state.open) open += call.reserved;
    CHECK(cost == state.spent + open);
    CHECK(wasted == state.wasted + open);
  }
}
