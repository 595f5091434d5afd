#include "view/summary.h"

#include <doctest/doctest.h>

using namespace mixagent;

namespace {

Money usd(double amount) {
  return *money_from_usd(amount);
}

Usage usage(std::int64_t input, std::int64_t cached, std::int64_t output) {
  Usage u;
  u.input = input;
  u.cached_input = cached;
  u.output = output;
  return u;
}

RunState paid_state() {
  RunState state;
  state.model_calls = 3;
  state.spent = usd(0.03);
  state.wasted = usd(0.006);
  state.usage = usage(3000, 1000, 300);
  state.calls_by_seat = {{"planner", 1}, {"worker", 2}};
  state.usage_by_seat = {{"planner", usage(1000, 0, 100)}, {"worker", usage(2000, 1000, 200)}};
  state.by_seat = {{"planner", usd(0.02)}, {"worker", usd(0.01)}};
  state.calls_by_model = {{"big", 1}, {"small", 2}};
  state.usage_by_model = {{"big", usage(1000, 0, 100)}, {"small", usage(2000, 1000, 200)}};
  state.by_model = {{"big", usd(0.02)}, {"small", usd(0.01)}};
  return state;
}

RunResult good_result() {
  RunResult result;
  result.subtype = "success";
  result.is_error = false;
  result.exit_code = 0;
  result.run_id = "20261124-151200-k3f9";
  result.decision = "plan";
  result.verified = Verified::full;
  CheckRecord check;
  check.command = "pytest -q";
  check.baseline_exit_code = 1;
  check.ms = 2100;
  result.checks = {check};
  result.steps = {{"s1", "Add a Page type", StepStatus::verified, "worker", "small", 2, usd(0.01)}};
  result.files_changed = {"api/page.py", "package.json"};
  result.flagged_files = {"package.json"};
  result.delivered = "working tree";
  result.total_cost = usd(0.03);
  result.frontier_cost = usd(0.12);
  result.duration_ms = 61'000;
  result.model_calls = 3;
  return result;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the costs, seat by seat and model by model") {
  CHECK(render_costs(paid_state(), usd(0.12), false) ==
        "\nCost\n"
        "  seat, then model  calls  input  cached  output     cost  share\n"
        "  planner               1  1,000     0 %     100  $0.0200   67 %\n"
        "  worker                2  2,000    50 %     200  $0.0100   33 %\n"
        "\n"
        "  big                   1  1,000     0 %     100  $0.0200   67 %\n"
        "  small                 2  2,000    50 %     200  $0.0100   33 %\n"
        "\n"
        "  total                 3  3,000    33 %     300  $0.0300\n"
        "  $0.0060 of it (20 %) went into attempts and replies that were not accepted.\n"
        "  The same tokens on the planner's model alone would have cost $0.1200, 4.0 times as "
        "much.\n");
}

TEST_CASE("a run without a call has no cost table") {
  CHECK(render_costs(RunState{}, Money{}, false) == "");
}

TEST_CASE("one screen, in its order") {
  const std::string text = render_summary(paid_state(), good_result(), false);
  std::size_t at = 0;
  for (const char* part :
       {"Goal reached.\n", "verified: full — `pytest -q` failed before and passes now",
        "\nChecks\n", "fails (exit 1) → passes", "\nSteps\n", "Add a Page type",
        "\nFiles changed (2)\n", "  package.json  runs by itself: read it first\n",
        "  api/page.py\n", "\nCost\n", "\nWhere the work is\n",
        "in your working tree, uncommitted (git diff); mixagent undo "}) {
    CAPTURE(part);
    const std::size_t found = text.find(part, at);
    REQUIRE(found != std::string::npos);
    at = found;
  }
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("an isolation weaker than full stands in every report") {
  RunState state = paid_state();
  state.started.isolation = "external";
  const std::string line = "  commands ran with isolation \"external\", weaker than full\n";
  CHECK(render_summary(state, good_result(), false).find(line) != std::string::npos);
  state.started.isolation = "full";
  CHECK(render_summary(state, good_result(), false).find("isolation") == std::string::npos);
}

TEST_CASE("colour changes no word") {
  std::string colored = render_summary(paid_state(), good_result(), true);
  CHECK(contains(colored, "\x1b[32m"));
  for (std::size_t at = 0; (at = colored.find("\x1b[", at)) != std::string::npos;) {
    colored.erase(at, colored.find('m', at) - at + 1);
  }
  CHECK(colored == render_summary(paid_state(), good_result(), false));
}

TEST_CASE("every outcome says what it is and where the work lies") {
  struct Case {
    const char* subtype;
    const char* part;
  };
  const Case cases[] = {
      {"not_reached", "Not reached: the tests fail"},
      {"budget", "Stopped at the money cap: the tests fail"},
      {"limit", "Stopped at a limit"},
      {"need_input", "A person must decide"},
      {"auth", "A key is missing"},
      {"sandbox", "The sandbox is not available here"},
      {"quota", "quota is used up (back at noon)"},
      {"timeout", "Out of time"},
      {"interrupted", "Interrupted"},
      {"usage", "Not started"},
      {"error", "Failed"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.subtype);
    RunResult result = good_result();
    result.subtype = c.subtype;
    result.is_error = true;
    result.delivered = "kept in the run";
    result.resets_at = "at noon";
    result.resume = "mixagent resume X";
    result.error = ResultError{"kind", "the tests fail"};
    const std::string text = render_summary(paid_state(), result, false);
    CHECK(contains(text, c.part));
    CHECK(contains(text, "mixagent apply 20261124-151200-k3f9"));
    CHECK(contains(text, "go on with: mixagent resume X"));
  }
}

TEST_CASE("a reasoned no_op claims nothing") {
  RunResult result;
  result.subtype = "success";
  result.is_error = false;
  result.decision = "no_op";
  result.reason = "pagination is there already";
  const std::string text = render_summary(RunState{}, result, false);
  CHECK(contains(text, "Nothing to do: pagination is there already"));
  CHECK(!contains(text, "verified"));
}

TEST_CASE("what models say can change nothing on the screen") {
  RunResult result = good_result();
  result.steps[0].title = "\x1b]0;owned\x07";
  result.findings_open = {{"f1", Severity::blocking, "a\x1b[2J.py", 3, "c\rlaim\x1b[A", "", ""}};
  result.files_changed = {"x\x1b[31m.py"};
  result.checks[0].command = "echo \x1b[1m";
  const std::string text = render_summary(paid_state(), result, false);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
  CHECK(contains(text, "a\\x1b[2J.py:3: "));
}

TEST_CASE("the short form") {
  CHECK(render_result_text(good_result()) ==
        "Goal reached.\n"
        "verified: full, 2 files changed, working tree\n"
        "cost: $0.0300 in 3 calls, 1m 01s\n");
}
