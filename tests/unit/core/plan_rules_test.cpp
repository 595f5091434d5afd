#include "core/plan_rules.h"

#include "base/text.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

namespace mixagent {
namespace {

using Strings = std::vector<std::string>;

PlanLimits usual_limits() {
  PlanLimits limits;
  limits.seats = {"worker", "tester", "frontend"};
  limits.protect = {"tests/golden/**"};
  return limits;
}

Step step_of(const std::string& id, const Strings& depends_on = {}) {
  Step step;
  step.id = id;
  step.instructions = "Add it.";
  step.depends_on = depends_on;
  return step;
}

Plan plan_of(const std::vector<Step>& steps) {
  Plan plan;
  plan.steps = steps;
  return plan;
}

Check check_of(const std::string& command, const std::string& results = "") {
  Check check;
  check.command = command;
  check.results = results;
  return check;
}

TEST_CASE("faults and warnings name the step") {
  struct Case {
    const char* name;
    std::function<void(Plan&)> change;  // of a plan with the good steps s1 and s2
    Strings faults, warnings;
  };
  const std::vector<Case> cases = {
      {"good", [](Plan&) {}, {}, {}},
      {"no steps",
       [](Plan& p) { p.steps.clear(); },
       {"steps: decision 'plan' needs at least one step"},
       {}},
      {"solo needs none",
       [](Plan& p) {
         p.decision = Decision::solo;
         p.steps.clear();
       },
       {},
       {}},
      {"solo ignores steps",
       [](Plan& p) {
         p.decision = Decision::solo;
         p.steps[0].id = "BAD";
       },
       {},
       {"steps: ignored: the decision is 'solo'"}},
      {"need_input without question",
       [](Plan& p) {
         p.decision = Decision::need_input;
         p.steps.clear();
         p.question = " ";
       },
       {"question: decision 'need_input' needs one"},
       {}},
      {"need_input",
       [](Plan& p) {
         p.decision = Decision::need_input;
         p.steps.clear();
         p.question = "Which?";
       },
       {},
       {}},
      {"no_op without reason",
       [](Plan& p) {
         p.decision = Decision::no_op;
         p.steps.clear();
       },
       {},
       {"reason: decision 'no_op' should say why"}},
      {"id in capitals",
       [](Plan& p) { p.steps[1].id = "S2"; },
       {"steps[1]: id 'S2' does not match [a-z0-9_-]{1,32}"},
       {}},
      {"id too long",
       [](Plan& p) { p.steps[1].id = std::string(33, 'a'); },
       {"steps[1]: id '" + std::string(33, 'a') + "' does not match [a-z0-9_-]{1,32}"},
       {}},
      {"id twice",
       [](Plan& p) { p.steps[1] = p.steps[0]; },
       {"steps[1]: id 's1' is used twice"},
       {}},
      {"no instructions",
       [](Plan& p) { p.steps[0].instructions = "\n"; },
       {"s1: instructions are empty"},
       {}},
      {"unknown dependency",
       [](Plan& p) { p.steps[1].depends_on = {"s3"}; },
       {"s2: depends_on names an unknown step 's3'; did you mean 's1'?"},
       {}},
      {"far dependency",
       [](Plan& p) { p.steps[1].depends_on = {"database"}; },
       {"s2: depends_on names an unknown step 'database'"},
       {}},
      {"own dependency",
       [](Plan& p) { p.steps[1].depends_on = {"s2"}; },
       {"s2: depends on itself"},
       {}},
      {"cycle of two",
       [](Plan& p) {
         p.steps[0].depends_on = {"s2"};
         p.steps[1].depends_on = {"s1"};
       },
       {"s1: depends on itself in a cycle: s1 -> s2 -> s1"},
       {}},
      {"unknown seat",
       [](Plan& p) { p.steps[0].seat = "wroker"; },
       {"s1: seat 'wroker' does not exist; did you mean 'worker'? seats: worker, tester, frontend"},
       {}},
      {"far seat",
       [](Plan& p) { p.steps[0].seat = "mathematician"; },
       {"s1: seat 'mathematician' does not exist; seats: worker, tester, frontend"},
       {}},
      {"research",
       [](Plan& p) { p.steps[0].action = StepAction::research; },
       {"s1: no seat here can do action 'research'; use code, test, docs, refactor or command"},
       {}},
      {"image",
       [](Plan& p) { p.steps[1].action = StepAction::image; },
       {"s2: no seat here can do action 'image'; use code, test, docs, refactor or command"},
       {}},
      {"absolute path",
       [](Plan& p) { p.steps[0].files.read = {"/etc/passwd"}; },
       {"s1: files.read: '/etc/passwd' is absolute"},
       {}},
      {"home path",
       [](Plan& p) { p.steps[0].files.read = {"~/x"}; },
       {"s1: files.read: '~/x' is absolute"},
       {}},
      {"path that leaves",
       [](Plan& p) { p.steps[0].files.write = {"a/../../b"}; },
       {"s1: files.write: 'a/../../b' leaves the repository"},
       {}},
      {"path in .git",
       [](Plan& p) {
         p.steps[0].files.create = {"sub/.GIT/hooks/x", ".gitignore"};
       },
       {"s1: files.create: 'sub/.GIT/hooks/x' lies in .git"},
       {}},
      {"empty path",
       [](Plan& p) { p.steps[0].files.write = {""}; },
       {"s1: files.write: '' is empty"},
       {}},
      {"control character",
       [](Plan& p) { p.steps[0].files.write = {"a\nb"}; },
       {"s1: files.write: 'a\nb' holds a control character"},
       {}},
      {"dots that are names",
       [](Plan& p) {
         p.steps[0].files.write = {"a/..b/c...", "src/**/*.py"};
       },
       {},
       {}},
      {"protected",
       [](Plan& p) { p.steps[0].files.write = {"tests/golden/a.txt"}; },
       {},
       {"s1: names the protected path 'tests/golden/a.txt'"}},
      {"protected but read",
       [](Plan& p) { p.steps[0].files.read = {"tests/golden/a.txt"}; },
       {},
       {}},
      {"empty command",
       [](Plan& p) { p.steps[0].checks = {check_of(" ")}; },
       {"s1: checks[0].command is empty"},
       {}},
      {"two lines",
       [](Plan& p) {
         p.checks = {check_of("make"), check_of("a\nb")};
       },
       {"plan: checks[1].command has several lines; join them with && or put them into a script"},
       {}},
      {"long command",
       [](Plan& p) { p.steps[1].checks = {check_of(std::string(4097, 'x'))}; },
       {"s2: checks[0].command is longer than 4 KB"},
       {}},
      {"longest command",
       [](Plan& p) { p.steps[1].checks = {check_of(std::string(4096, 'x'))}; },
       {},
       {}},
      {"results",
       [](Plan& p) {
         p.checks = {check_of("a", "junit:/tmp/r.xml"), check_of("b", "tap")};
       },
       {},
       {}},
      {"unknown results",
       [](Plan& p) { p.checks = {check_of("a", "junit:")}; },
       {},
       {"plan: checks[0].results 'junit:' is unknown (junit:PATH, tap, go-json, pytest, ctest): "
        "the exit "
        "code decides"}},
      {"budget",
       [](Plan& p) { p.steps[0].budget_usd = 0.0; },
       {"s1: budget_usd must be above 0"},
       {}},
      {"lonely test step",
       [](Plan& p) { p.steps[1].action = StepAction::test; },
       {},
       {"s2: a test step that no step depends on: nothing will make its test pass"}},
      {"test step with a dependant", [](Plan& p) { p.steps[0].action = StepAction::test; }, {}, {}},
      {"several at once",
       [](Plan& p) {
         p.steps[0].seat = "";
         p.steps[1].files.write = {"/x"};
       },
       {"s1: seat '' does not exist; seats: worker, tester, frontend",
        "s2: files.write: '/x' is absolute"},
       {}},
  };
  for (const auto& one : cases) {
    INFO(std::string(one.name));
    Plan plan = plan_of({step_of("s1"), step_of("s2", {"s1"})});
    one.change(plan);
    const auto verdict = validate(plan, usual_limits());
    INFO(join(verdict.faults, " | "));
    CHECK(verdict.faults == one.faults);
    CHECK(verdict.warnings == one.warnings);
    CHECK(verdict.ok() == one.faults.empty());
  }
}

TEST_CASE("a cycle is named from where it begins, however long the chain") {
  std::vector<Step> steps;
  for (int i = 0; i < 400; ++i) {
    steps.push_back(step_of("n" + std::to_string(i), {"n" + std::to_string(i + 1)}));
  }
  steps.push_back(step_of("n400"));
  CHECK(validate(plan_of(steps), usual_limits()).faults == Strings{});
  steps.back().depends_on = {"n398"};
  CHECK(validate(plan_of(steps), usual_limits()).faults ==
        Strings{"n398: depends on itself in a cycle: n398 -> n399 -> n400 -> n398"});
}

TEST_CASE("too many steps") {
  PlanLimits limits = usual_limits();
  limits.max_steps = 1;
  CHECK(validate(plan_of({step_of("a"), step_of("b")}), limits).faults ==
        Strings{"steps: 2 steps; at most 1 are allowed"});
}

TEST_CASE("defaults are filled") {
  Plan plan = plan_of({step_of("s1"), step_of("s2")});
  plan.checks = {check_of("  make test \n")};
  plan.checks[0].timeout_s = 0;
  plan.steps[0].instructions = "  Add a Page type. It holds items.\nMore.";
  plan.steps[0].seat = "";
  plan.steps[0].checks = {check_of("x")};
  plan.steps[0].checks[0].timeout_s = -5;
  plan.steps[1].title = "Mine";
  plan.steps[1].checks = {check_of("y")};
  plan.steps[1].checks[0].timeout_s = 7;
  fill_defaults(plan);
  Plan expected = plan;
  expected.checks[0].command = "make test";
  expected.checks[0].timeout_s = 600;
  expected.steps[0].title = "Add a Page type";
  expected.steps[0].seat = "worker";
  expected.steps[0].checks[0].timeout_s = 600;
  CHECK(plan == expected);
  CHECK(plan.checks[0].command == "make test");
  CHECK(plan.checks[0].timeout_s == 600);
  CHECK(plan.steps[0].title == "Add a Page type");
  CHECK(plan.steps[1].title == "Mine");
}

std::string repeated(const std::string& line, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += line;
  return out;
}

TEST_CASE("code is left to workers") {
  struct Case {
    const char* name;
    std::string text;
    int run;
  };
  const std::vector<Case> cases = {
      {"prose", "Add a Page type.\nIt holds items and a total.\nKeep the old API.\n", 0},
      {"a list of names", repeated("- page_of(items, size): the first page\n", 20), 0},
      {"a numbered list", repeated("1. call f(x);\n", 20), 0},
      {"one signature", "Write\ndef page(items: list, size: int) -> Page:\nin api/page.py.\n", 1},
      {"python",
       "import os\n\ndef f(x):\n    y = x + 1\n    # more\n    return y\n\nThen document it.\n", 5},
      {"c", "int f(int x) {\n  int y = x + 1;\n  return y;\n}\nand so on.\n", 4},
      {"fenced", "Like this:\n```python\n" + repeated("whatever this is\n", 12) + "```\nend.\n",
       12},
      {"two runs, the longer counts",
       repeated("x = 1\n", 3) + "Prose here.\n" + repeated("y = 2;\n", 5), 5},
  };
  for (const auto& one : cases) {
    INFO(std::string(one.name));
    CHECK(longest_code_run(one.text) == one.run);
  }

  const auto verdict_for = [](int lines, bool allow) {
    Plan plan = plan_of({step_of("s1")});
    plan.steps[0].instructions = "Write this.\n" + repeated("x = f(x);\n", lines);
    PlanLimits limits = usual_limits();
    limits.allow_code = allow;
    return validate(plan, limits);
  };
  CHECK(verdict_for(10, false).warnings.empty());
  CHECK(verdict_for(11, false).warnings ==
        Strings{"s1: 11 lines of code in a row in the instructions"});
  CHECK(verdict_for(40, false).ok());
  CHECK(verdict_for(41, false).faults ==
        Strings{"s1: 41 lines of code in a row in the instructions; leave code to the worker: give "
                "names, signatures and edge cases"});
  CHECK(verdict_for(41, true).ok());
  CHECK(verdict_for(41, true).warnings.empty());
}

Step scoped(const Strings& write, const Strings& create = {}) {
  Step step = step_of("s");
  step.files.write = write;
  step.files.create = create;
  return step;
}

TEST_CASE("scopes") {
  CHECK(in_scope(scoped({}), "anything"));
  CHECK(in_scope(scoped({"src/*.py"}), "src/a.py"));
  CHECK_FALSE(in_scope(scoped({"src/*.py"}), "src/sub/a.py"));
  CHECK(in_scope(scoped({"a.py"}, {"b.py"}), "b.py"));
  CHECK(in_scope(scoped({"src"}), "src/deep/a.py"));

  CHECK(scopes_overlap(scoped({}), scoped({"a.py"})));
  CHECK(scopes_overlap(scoped({"a.py"}), scoped({"b.py", "a.py"})));
  CHECK(scopes_overlap(scoped({"a.py"}), scoped({}, {"a.py"})));
  CHECK(scopes_overlap(scoped({"src/**"}), scoped({"src/x/a.py"})));
  CHECK_FALSE(scopes_overlap(scoped({"a.py"}), scoped({"b.py"})));
  CHECK_FALSE(scopes_overlap(scoped({"api/**"}), scoped({"web/**"})));
}

}  // namespace
}  // namespace mixagent
