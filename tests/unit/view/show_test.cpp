#include "view/show.h"

#include <doctest/doctest.h>

using namespace mixagent;

namespace {

// A run with one step that failed once, climbed, and was reviewed; without an end.
std::vector<Event> story() {
  std::vector<Event> events;
  const auto add = [&events](Fact fact) {
    Event event;
    event.seq = static_cast<std::int64_t>(events.size()) + 1;
    event.at_ms = 1'795'532'400'000 + event.seq * 1000;
    event.fact = std::move(fact);
    events.push_back(std::move(event));
  };
  RunStarted started;
  started.goal = "add pagination";
  add(started);
  PlanCreated plan;
  plan.lane = "plan";
  plan.reason = "two parts";
  Step step;
  step.id = "s1";
  step.title = "Slice the store";
  step.instructions = "Add Store.page.\x1b[2J";
  step.files.write = {"store.py"};
  step.checks = {{"pytest -q", 60, "", CheckOrigin::planner}};
  plan.plan.steps = {step};
  add(plan);
  add(StepStarted{"s1", "Slice the store", "worker", "t0"});
  add(AttemptStarted{"s1", 1, 0, "worker", "cheap"});
  CallCompleted call;
  call.key = "k1";
  call.seat = "worker";
  call.model = "cheap";
  call.step = "s1";
  call.attempt = 1;
  call.usage.input = 1000;
  call.usage.cached_input = 500;
  call.usage.output = 80;
  call.cost = Money{pico_per_usd / 1000};
  call.stop = "tool_calls";
  add(call);
  CheckCompleted check;
  check.step = "s1";
  check.phase = "attempt";
  check.check.command = "pytest -q";
  check.check.exit_code = 1;
  check.output = "blob1";
  add(check);
  add(AttemptCompleted{"s1", 1, 0, "worker", "cheap", "checks_failed", "pytest -q exits 1", "t1"});
  add(Escalated{"s1", "cheap", "middle", "checks failed"});
  ReviewCompleted review;
  review.step = "s1";
  review.model = "judge";
  review.review.verdict = ReviewVerdict::revise;
  review.review.score = 0.5;
  review.review.findings = {{"f1", Severity::blocking, "store.py", 7, "negative", "run it", ""}};
  add(review);
  add(LadderStopped{"s1", "cheap", "the ladder ends here"});
  add(LadderStopped{"s1", "cheap", "the ladder ends here"});  // told again by a resumed run
  add(NoteAdded{"the reviewer was slow", ""});
  return events;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct Shown {
  std::vector<Event> events = story();
  RunState state = fold(events);
  ShowInput input{
      state, events, "20261124-151200-k3f9", "/runs/x", false, 100, [](const std::string& id) {
        return id == "blob1" ? std::string("E\x1b[31m 4 != 3\n") : std::string();
      }};
};

}  // namespace

TEST_CASE("a run that goes on is told as far as it came") {
  const Shown shown;
  const std::string text = render_run(shown.input);
  for (const char* part :
       {"Run 20261124-151200-k3f9  add pagination", "without an end so far", "lane plan: two parts",
        "kept in /runs/x", "s1    Slice the store", "checks failed", "pytest -q exits 1",
        "\nTransitions\n  s1: climbs from cheap to middle: checks failed\n  s1: stops after cheap: "
        "the ladder ends here\n\n",
        "s1, round 1, judge: revise 0.50", "f1 blocking store.py:7: negative",
        "the reviewer was slow", "\nCost\n"}) {
    CAPTURE(part);
    CHECK(contains(text, part));
  }
}

TEST_CASE("a step shows its order, its calls, the output that failed it and the evidence") {
  const Shown shown;
  const std::string text = render_step(shown.input, "s1");
  for (const char* part :
       {"Step s1  Slice the store", "Add Store.page.\\x1b[2J", "writes: store.py",
        "check: pytest -q", "  pytest -q: fails (exit 1)", "    E\\x1b[31m 4 != 3\n",
        "worker  cheap", "50 %", "stops after cheap: the ladder ends here", "evidence: run it"}) {
    CAPTURE(part);
    CHECK(contains(text, part));
  }
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("the list of runs keeps those that do not read back") {
  const Shown shown;
  const std::vector<RunLine> lines = {{"a1", "", &shown.state, ""},
                                      {"b2", "", nullptr, "events.jsonl:3: no event"}};
  CHECK(render_runs(lines, false, 100) ==
        "run  outcome     verified     cost  repository  goal\n"
        "a1   open                  $0.0010              add pagination\n"
        "b2   unreadable                                 events.jsonl:3: no event\n");
}

TEST_CASE("the outcome of a run is its subtype, or open") {
  Shown shown;
  CHECK(outcome_of(shown.state) == "open");
  RunCompleted completed;
  completed.result.subtype = "not_reached";
  Event event;
  event.fact = completed;
  apply(shown.state, event);
  CHECK(outcome_of(shown.state) == "not_reached");
  CHECK(contains(render_run(shown.input), "Not reached"));
}
