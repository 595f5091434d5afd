#include "view/progress.h"

#include "support/fake_clock.h"
#include "view/live.h"

#include <doctest/doctest.h>

using namespace mixagent;

namespace {

// What a person would see: the bytes written, and the answers given.
struct Screen {
  std::string bytes;
  std::vector<std::string> answers;

  ProgressPorts ports() {
    return {[this](std::string_view text) { bytes += text; }, [] { return 60; },
            [this](const std::stop_token&) -> std::optional<std::string> {
              if (answers.empty()) return std::nullopt;
              const std::string answer = answers.front();
              answers.erase(answers.begin());
              return answer;
            }};
  }
};

Event event(Fact fact, std::int64_t at_ms = 1000) {
  Event e;
  e.at_ms = at_ms;
  e.fact = std::move(fact);
  return e;
}

RunStarted started() {
  RunStarted fact;
  fact.goal = "add pagination";
  fact.isolation = "full";
  fact.cap = Money{2 * pico_per_usd};
  return fact;
}

PlanCreated plan() {
  PlanCreated fact;
  fact.lane = "plan";
  for (const char* id : {"s1", "s2"}) {
    Step step;
    step.id = id;
    step.title = std::string("title of ") + id;
    fact.plan.steps.push_back(step);
  }
  return fact;
}

StepStarted step_started(const char* id) {
  return {id, std::string("title of ") + id, "worker", ""};
}

}  // namespace

TEST_CASE("without a terminal every fact that matters is one plain line") {
  Screen screen;
  FakeClock clock;
  {
    Progress progress({}, screen.ports(), clock);
    progress.on_event(event(started()));
    progress.progress("s1", "412 tokens");
    progress.on_event(event(Escalated{"s1", "a", "b", "red\x1b[31m"}));
    progress.on_event(event(ToolCompleted{}));
  }
  CHECK(screen.bytes ==
        "goal: add pagination\n"
        "s1: climbs from a to b: red\\x1b[31m\n");
}

TEST_CASE("quiet says nothing of the run, verbose says more") {
  Screen screen;
  FakeClock clock;
  ProgressOptions options;
  options.verbosity = Verbosity::quiet;
  Progress quiet(options, screen.ports(), clock);
  quiet.on_event(event(started()));
  CHECK(screen.bytes == "");

  options.verbosity = Verbosity::verbose;
  Progress verbose(options, screen.ports(), clock);
  verbose.on_event(event(ToolCompleted{"s1", "worker", 1, "read_file", true, 3, "a.py"}));
  CHECK(screen.bytes == "s1: read_file a.py\n");
}

TEST_CASE("questions go to people only") {
  Screen screen;
  screen.answers = {"yes"};
  FakeClock clock;
  Progress headless({}, screen.ports(), clock);
  CHECK(!headless.ask("Apply?"));
  CHECK(screen.bytes == "");

  ProgressOptions options;
  options.can_ask = true;
  Progress person(options, screen.ports(), clock);
  CHECK(person.ask("Apply? [y/N]") == "yes");
  CHECK(!person.ask("Again?"));  // end of input
  CHECK(screen.bytes == "Apply? [y/N] Again? ");
}

TEST_CASE("a live area is taken away before anything else is written") {
  Screen screen;
  FakeClock clock;
  ProgressOptions options;
  options.live = true;
  Progress progress(options, screen.ports(), clock);
  progress.on_event(event(started()));
  progress.on_event(event(plan()));
  progress.on_event(event(step_started("s1")));
  progress.close();
  progress.close();
  CHECK(screen.bytes.find("goal: add pagination\n") != std::string::npos);
  CHECK(screen.bytes.find("A\x1b[J") != std::string::npos);
  // The last thing on the screen is the erased area, not the area.
  const std::size_t last = screen.bytes.rfind("\x1b[J");
  CHECK(screen.bytes.substr(last) == "\x1b[J");
}

TEST_CASE("the live area names what runs and what it costs") {
  RunState state;
  apply(state, event(started()));
  apply(state, event(plan()));
  apply(state, event(step_started("s2"), 2000));
  CallStarted call;
  call.key = "k";
  call.seat = "worker";
  call.model = "demo/cheap";
  call.step = "s2";
  apply(state, event(call, 3000));
  const std::map<std::string, std::string> weather = {{"s2", "412 tokens\x1b[2J"}};
  const std::vector<std::string> lines = live_lines({state, weather, 8500, 200, false});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("› s2 title of s2") == 0);
  CHECK(lines[0].find("412 tokens\\x1b[2J") != std::string::npos);
  CHECK(lines[0].find("demo/cheap 5 s") != std::string::npos);
  CHECK(lines[1] == "0/2 steps · $0.0000 of $2.0000 · 0 calls · 7 s");
  for (const std::string& line : live_lines({state, weather, 8500, 20, false})) {
    CHECK(line.size() <= 25);
  }
}

TEST_CASE("the live area stays small and goes with the run") {
  RunState state;
  CHECK(live_lines({state, {}, 0, 80, false}).empty());
  apply(state, event(started()));
  PlanCreated many = plan();
  many.plan.steps.clear();
  for (int i = 0; i < 30; ++i) {
    Step step;
    step.id = "s" + std::to_string(i);
    many.plan.steps.push_back(step);
  }
  apply(state, event(many));
  for (const Step& step : many.plan.steps) apply(state, event(step_started(step.id.c_str())));
  const std::vector<std::string> lines = live_lines({state, {}, 1000, 80, false});
  REQUIRE(lines.size() == 9);
  CHECK(lines[7] == "› 23 more steps");
  apply(state, event(RunCompleted{}));
  CHECK(live_lines({state, {}, 1000, 80, false}).empty());
}
