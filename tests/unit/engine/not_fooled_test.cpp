// Verification is not fooled: small repositories, what somebody does to them, and the `verified`
// and exit code that this must get. A runner in the test reads tests/*.t, a test a line:
//
//   greet: app.txt has hello      passes when the file holds the text
//   old: fail | pass | skip | flaky
//   !                             the file cannot be read: a syntax error

#include "base/text.h"
#include "unit/engine/world.h"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {
namespace {

const std::vector<std::string> test_files = {"tests/a.t", "tests/b.t", "tests/new.t"};

// How the runner ends, beyond what its tests say.
enum class Ends { well, always_zero, always_one, crash, no_report_after, timeout_after };

class Runner {
 public:
  Runner(MemoryWorkspaces& workspaces, Ends ends) : workspaces_(workspaces), ends_(ends) {}

  CommandResult run(const SandboxCommand& command) {
    CommandResult result;
    const bool changed = holds(command, "app.txt", "hello") || holds(command, "app.txt", "#");
    bool failed = false, syntax = false;
    std::string report;
    int number = 0;
    for (const std::string& path : test_files) {
      const auto text = workspaces_.file_at(command.workspace, path);
      for (const std::string& line : split_lines(text.value_or(""))) {
        if (line == "!") syntax = true;
        const auto colon = line.find(": ");
        if (colon == std::string::npos) continue;
        const std::string name = line.substr(0, colon);
        const auto hidden = workspaces_.file_at(command.workspace, "tests/conftest.py");
        if (hidden && hidden->find("skip " + name) != std::string::npos) {
          report += "ok " + std::to_string(++number) + " - " + name + " # SKIP\n";
          continue;
        }
        const std::string says = line.substr(colon + 2);
        const bool ok = passes(command, says);
        failed = failed || !ok;
        report += (ok ? "ok " : "not ok ") + std::to_string(++number) + " - " + name +
                  (says == "skip" ? " # SKIP\n" : "\n");
      }
    }
    report += "1.." + std::to_string(number) + "\n";
    result.exit_code = syntax ? 2 : failed ? 1 : 0;
    if (ends_ == Ends::always_zero) result.exit_code = 0;
    if (ends_ == Ends::always_one && changed) result.exit_code = 1;
    if (ends_ == Ends::crash && changed) result.exit_code = 139;
    if (ends_ == Ends::timeout_after && changed) {
      result.exit_code = 124;
      result.timed_out = true;
    }
    result.output = syntax ? "SyntaxError: invalid syntax\n" : report;
    if (!(ends_ == Ends::no_report_after && changed))
      workspaces_.write_at(command.workspace, ".mixagent-results", result.output);
    return result;
  }

 private:
  bool holds(const SandboxCommand& command, const std::string& path, const std::string& text) {
    const auto bytes = workspaces_.file_at(command.workspace, path);
    return bytes && bytes->find(text) != std::string::npos;
  }

  bool passes(const SandboxCommand& command, const std::string& says) {
    if (says == "pass" || says == "skip") return true;
    if (says == "fail") return false;
    if (says == "flaky") return ++flips_ % 2 == 0;
    const auto has = says.find(" has ");
    const auto same = says.find(" is ");
    if (has != std::string::npos) return holds(command, says.substr(0, has), says.substr(has + 5));
    const auto one = workspaces_.file_at(command.workspace, says.substr(0, same));
    return one == workspaces_.file_at(command.workspace, says.substr(same + 4));
  }

  MemoryWorkspaces& workspaces_;
  const Ends ends_;
  int flips_ = 0;
};

using Edits = std::vector<std::pair<std::string, std::string>>;  // path, new bytes; "" removes it

ChatReply doing(const Edits& edits) {
  std::vector<std::pair<std::string, std::string>> calls;
  for (const auto& [path, bytes] : edits) {
    if (bytes.empty()) {
      calls.emplace_back("run_command", R"({"command":"remove )" + path + R"("})");
      continue;
    }
    calls.emplace_back("read_file", R"({"path":")" + path + R"("})");
    calls.emplace_back("write_file", R"({"path":")" + path + R"(","content":")" +
                                         replace_all(bytes, "\n", "\\n") + R"("})");
  }
  calls.emplace_back("finish", R"({"summary":"done"})");
  return reply_calls(calls);
}

struct Case {
  std::string name;
  Files files;
  std::vector<Check> checks;
  Edits worker;
  Verified verified = Verified::none;
  int exit_code = 0;
  Lane lane = Lane::solo;
  std::string plan = R"({"decision":"solo","reason":"small"})";
  Edits tester = {};
  Ends ends = Ends::well;
  std::vector<std::string> protect = {}, known_failing = {};
  Verified require = Verified::partial;
  std::string review = R"({"verdict":"approve","score":0.9,"findings":[]})";
};

Check check(const std::string& command, const std::string& results = {},
            CheckOrigin origin = CheckOrigin::user) {
  Check one;
  one.command = command;
  one.results = results;
  one.origin = origin;
  return one;
}

const Check by_exit = check("suite");
const Check by_test = check("suite", "tap");
const Check script = check("bash check.sh");

const Files red = {{"app.txt", "hi\n"},
                   {"tests/a.t", "greet: app.txt has hello\n"},
                   {"tests/b.t", "keep: lib.txt has kept\n"},
                   {"lib.txt", "kept\n"}};
const Files green = {
    {"app.txt", "hi\n"}, {"tests/b.t", "keep: lib.txt has kept\n"}, {"lib.txt", "kept\n"}};

Files with(Files files, const Files& more) {
  for (const auto& [path, bytes] : more) files[path] = bytes;
  return files;
}

const Edits right = {{"app.txt", "hello\n"}};
const Edits comment = {{"app.txt", "hi # hello\n"}};

std::string steps(const std::string& more) {
  return R"({"decision":"plan","reason":"x","steps":[{"id":"s1","instructions":"Let app say it",)" +
         more + R"("files":{}}]})";
}

RunResult play(const Case& c, World& world) {
  Runner runner(world.workspaces, c.ends);
  world.sandbox.on(
      "suite", [&](const SandboxCommand& run) -> Result<CommandResult> { return runner.run(run); });
  world.sandbox.on("rewriting", [&](const SandboxCommand& run) -> Result<CommandResult> {
    CommandResult result = runner.run(run);
    world.workspaces.write_at(run.workspace, "app.txt", "formatted\n");
    return result;
  });
  world.sandbox.on("bash check.sh", [&](const SandboxCommand& run) -> Result<CommandResult> {
    CommandResult result;
    const auto text = world.workspaces.file_at(run.workspace, "check.sh");
    const auto app = world.workspaces.file_at(run.workspace, "app.txt");
    const std::string wanted(trim(text.value_or("?")));
    result.exit_code = wanted == "exit 0" || app->find(wanted) != std::string::npos ? 0 : 1;
    return result;
  });
  world.sandbox.on("true", 0);
  world.sandbox.on("needs-db", 1, "psycopg2.OperationalError: connection refused\n");
  world.sandbox.on("remove ", [&](const SandboxCommand& run) -> Result<CommandResult> {
    world.workspaces.remove_at(run.workspace, run.command.substr(7));
    return CommandResult{};
  });
  world.settings.verify.protect = c.protect;
  world.settings.verify.known_failing = c.known_failing;
  const auto always = [&](const std::string& seat, const ChatReply& reply) {
    ScriptedReply scripted;
    scripted.seat = seat;
    scripted.reply = reply;
    scripted.forever = true;
    world.models.add(scripted);
  };
  always("planner", reply_calls({{"submit_plan", c.plan}}));
  always("worker", doing(c.worker));
  always("reviewer", reply_calls({{"submit_review", c.review}}));
  world.settings.lineup.seats["tester"] = world.settings.lineup.seats["worker"];
  world.settings.lineup.seats["tester"].name = "tester";
  always("tester",
         c.tester.empty() ? reply_calls({{"give_up", R"({"reason":"no way"})"}}) : doing(c.tester));
  Goal goal = goal_with("Make app greet with hello", {}, c.lane);
  goal.checks = c.checks;
  goal.require = c.require;
  return world.go(goal);
}

TEST_CASE("verification is not fooled") {
  const auto none = Verified::none;
  const auto partial = Verified::partial;
  const auto full = Verified::full;
  const Check detected = check("suite", "", CheckOrigin::detected);
  const std::string docs = steps("");
  const std::vector<Case> cases = {
      // The plain cases first: what honest work gets.
      {"a red check turns green", red, {by_exit}, right, full, 0},
      {"the same, test by test", red, {by_test}, right, full, 0},
      {"a detected check turns green", red, {detected}, right, full, 0},
      {"nothing discriminates", green, {by_exit}, right, partial, 0},
      {"no check at all", green, {}, right, none, 3},
      {"no check, and none asked for",
       green,
       {},
       right,
       none,
       0,
       Lane::solo,
       R"({"decision":"solo"})",
       {},
       Ends::well,
       {},
       {},
       none},
      {"less than was asked for",
       green,
       {by_exit},
       right,
       partial,
       3,
       Lane::solo,
       R"({"decision":"solo"})",
       {},
       Ends::well,
       {},
       {},
       full},

      // Patches that do nothing, or harm.
      {"a comment under a green suite", green, {by_exit}, comment, partial, 0},
      {"a comment against a red check",
       with(red, {{"tests/a.t", "greet: app.txt has hello!\n"}}),
       {by_exit},
       comment,
       none,
       3},
      {"the same, test by test",
       with(red, {{"tests/a.t", "greet: app.txt has hello!\n"}}),
       {by_test},
       comment,
       none,
       3},
      {"an empty patch", red, {by_exit}, {}, none, 3},
      {"the target met, another check broken",
       red,
       {by_exit},
       {{"app.txt", "hello\n"}, {"lib.txt", "lost\n"}},
       none,
       3},
      {"the same, test by test",
       red,
       {by_test},
       {{"app.txt", "hello\n"}, {"lib.txt", "lost\n"}},
       none,
       3},

      // Tests bent to pass.
      {"a test emptied", red, {by_exit}, {{"tests/a.t", "greet: pass\n"}}, partial, 0},
      {"a test skipped", red, {by_test}, {{"tests/a.t", "greet: skip\n"}}, partial, 0},
      {"a test deleted", red, {by_exit}, {{"tests/a.t", ""}}, partial, 0},
      {"a test deleted, seen test by test", red, {by_test}, {{"tests/a.t", ""}}, partial, 0},
      {"an assertion weakened",
       red,
       {by_exit},
       {{"tests/a.t", "greet: app.txt has h\n"}},
       partial,
       0},
      {"a passing test deleted with what it tested",
       red,
       {by_exit},
       {{"app.txt", "hello\n"}, {"lib.txt", "lost\n"}, {"tests/b.t", ""}},
       partial,
       0},
      {"a passing test edited without need",
       red,
       {by_exit},
       {{"app.txt", "hello\n"}, {"tests/b.t", "keep: lib.txt has kept\nmore: pass\n"}},
       full,
       0},
      {"tests skipped from the side",
       red,
       {by_test},
       {{"app.txt", "hello\n"}, {"tests/conftest.py", "skip keep\n"}},
       partial,
       0},
      {"a snapshot updated",
       {{"app.txt", "hi\n"},
        {"tests/golden.txt", "hi\n"},
        {"tests/a.t", "shot: app.txt is tests/golden.txt\n"}},
       {by_exit},
       {{"app.txt", "hello\n"}, {"tests/golden.txt", "hello\n"}},
       partial,
       0},
      {"the check script edited",
       {{"app.txt", "hi\n"}, {"check.sh", "hello\n"}},
       {script},
       {{"check.sh", "exit 0\n"}},
       partial,
       0},
      {"the check script protected",
       {{"app.txt", "hi\n"}, {"check.sh", "hello\n"}},
       {script},
       {{"check.sh", "exit 0\n"}},
       none,
       3,
       Lane::solo,
       R"({"decision":"solo"})",
       {},
       Ends::well,
       {"check.sh"}},
      {"a new test of the worker's own proves little",
       green,
       {by_test},
       {{"app.txt", "hello\n"}, {"tests/new.t", "mine: pass\n"}},
       partial,
       0},
      {"a new test that fails",
       green,
       {by_test},
       {{"app.txt", "hello\n"}, {"tests/new.t", "mine: fail\n"}},
       none,
       3},

      // Runners that do not tell the truth.
      {"exit 0 with failures in the report",
       with(red, {{"tests/a.t", "greet: app.txt has hello!\n"}}),
       {by_test},
       comment,
       none,
       3,
       Lane::solo,
       R"({"decision":"solo"})",
       {},
       Ends::always_zero},
      {"exit 1 without a failure in the report",
       red,
       {by_test},
       right,
       none,
       3,
       Lane::solo,
       R"({"decision":"solo"})",
       {},
       Ends::always_one},
      {"a crash behind a good report",
       red,
       {by_test},
       right,
       none,
       3,
       Lane::solo,
       R"({"decision":"solo"})",
       {},
       Ends::crash},
      {"no report any more",
       red,
       {by_test},
       right,
       none,
       3,
       Lane::solo,
       R"({"decision":"solo"})",
       {},
       Ends::no_report_after},
      {"out of time",
       red,
       {by_exit},
       right,
       none,
       3,
       Lane::solo,
       R"({"decision":"solo"})",
       {},
       Ends::timeout_after},

      // Flaky, old and unusable ones.
      {"a flaky test on the base",
       with(red, {{"tests/b.t", "moody: flaky\n"}}),
       {by_test},
       right,
       partial,
       0},
      {"a flaky check",
       with(green, {{"tests/b.t", "moody: flaky\n"}}),
       {by_exit},
       right,
       partial,
       0},
      {"an old red test beside the goal",
       with(red, {{"tests/b.t", "ancient: fail\n"}}),
       {by_test},
       right,
       full,
       0},
      {"an old red test that a step names",
       with(red, {{"tests/b.t", "ancient: fail\n"}}),
       {by_test},
       right,
       none,
       3,
       Lane::plan,
       steps(R"("title":"greet and ancient pass",)")},
      {"only exit codes: an old red test is a target",
       with(red, {{"tests/b.t", "ancient: fail\n"}}),
       {by_exit},
       right,
       none,
       3},
      {"an old red test and a goal that is about something else",
       with(green, {{"tests/a.t", "ancient: fail\n"}}),
       {by_test},
       right,
       partial,
       0,
       Lane::plan,
       docs},
      {"a known failing check is only reported",
       green,
       {by_exit, script},
       right,
       partial,
       0,
       Lane::solo,
       R"({"decision":"solo"})",
       {},
       Ends::well,
       {},
       {"bash check.sh"}},
      {"a suite that needs a database", green, {check("needs-db")}, right, none, 6},
      {"a command that is not there", green, {check("no-such-runner")}, right, none, 6},
      {"a detected check that cannot run",
       green,
       {check("no-such-runner", "", CheckOrigin::detected)},
       right,
       none,
       3},
      {"a check that rewrites files", red, {check("suite rewriting")}, right, full, 0},

      // What planners and reviewers say.
      {"a planner's check that is always true",
       green,
       {},
       right,
       partial,
       0,
       Lane::plan,
       steps(R"("checks":[{"command":"true"}],)")},
      {"a planner's check that turns green",
       red,
       {},
       right,
       partial,
       0,
       Lane::plan,
       R"({"decision":"solo","checks":[{"command":"suite"}]})"},
      {"a planner's check that breaks",
       red,
       {by_exit},
       comment,
       none,
       3,
       Lane::plan,
       steps(R"("checks":[{"command":"true"}],)"),
       {},
       Ends::always_one},
      {"an approval over a failing check",
       with(red, {{"tests/a.t", "greet: app.txt has hello!\n"}}),
       {by_exit},
       comment,
       none,
       3,
       Lane::plan,
       docs},
      {"a refactoring: regression suffices",
       green,
       {by_exit},
       right,
       full,
       0,
       Lane::plan,
       steps(R"("action":"refactor",)")},
      {"a refactoring that breaks",
       green,
       {by_exit},
       {{"lib.txt", "lost\n"}},
       none,
       3,
       Lane::plan,
       steps(R"("action":"refactor",)")},

      // Tests that are written first.
      {"tests seen failing, then passing",
       green,
       {by_test},
       right,
       full,
       0,
       Lane::automatic,
       R"({"decision":"solo"})",
       {{"tests/new.t", "hello: app.txt has hello\n"}}},
      {"the same by exit codes",
       green,
       {by_exit},
       right,
       full,
       0,
       Lane::automatic,
       R"({"decision":"solo"})",
       {{"tests/new.t", "hello: app.txt has hello\n"}}},
      {"tests that pass already",
       green,
       {by_test},
       right,
       partial,
       0,
       Lane::automatic,
       R"({"decision":"solo"})",
       {{"tests/new.t", "hi: app.txt has hi\n"}}},
      {"tests that cannot be read",
       green,
       {by_exit},
       right,
       partial,
       0,
       Lane::automatic,
       R"({"decision":"solo"})",
       {{"tests/new.t", "!\n"}}},
      {"a tester that does the work itself",
       green,
       {by_exit},
       right,
       partial,
       0,
       Lane::automatic,
       R"({"decision":"solo"})",
       {{"app.txt", "hello\n"}, {"tests/new.t", "hello: app.txt has hello!\n"}}},
      {"a tester that gives up", green, {by_exit}, right, partial, 0, Lane::automatic},
      {"the worker bends the tests that came first",
       green,
       {by_exit},
       {{"app.txt", "bye\n"}, {"tests/new.t", "hello: app.txt has bye\n"}},
       partial,
       0,
       Lane::automatic,
       R"({"decision":"solo"})",
       {{"tests/new.t", "hello: app.txt has hello\n"}}},
      {"tests first, and work that does not pass them",
       green,
       {by_test},
       comment,
       none,
       3,
       Lane::automatic,
       R"({"decision":"solo"})",
       {{"tests/new.t", "hello: app.txt has hello!\n"}}},
  };
  CHECK(cases.size() >= 50);
  for (const Case& c : cases) {
    World world(c.files);
    const RunResult result = play(c, world);
    std::string why = result.reason + " / " + (result.error ? result.error->message : "");
    for (const auto& done : world.journal.all<AttemptCompleted>())
      why += "\n  " + done.seat + ": " + done.outcome + ": " + done.why;
    INFO(c.name, " -> ", why);
    CHECK(std::string(enum_name(result.verified)) == std::string(enum_name(c.verified)));
    CHECK(result.exit_code == c.exit_code);
    CHECK(world.workspaces.open_copies() == 0);
    if (result.exit_code != 0) CHECK(world.workspaces.user_files() == c.files);
  }
}

TEST_CASE("what a check writes stays out of the result") {
  World world(red);
  Case c;
  c.files = red;
  c.checks = {check("suite rewriting")};
  c.worker = right;
  CHECK(play(c, world).exit_code == 0);
  CHECK(world.workspaces.user_files() == with(red, {{"app.txt", "hello\n"}}));
}

TEST_CASE("without a test that can be written, the work starts one rung higher") {
  World world(green);
  Case c;
  c.files = green;
  c.checks = {by_exit};
  c.worker = right;
  c.lane = Lane::automatic;
  CHECK(play(c, world).exit_code == 0);
  const auto attempts = world.journal.all<AttemptStarted>();
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].seat == "tester");
  CHECK(attempts[1].model == "large");
}

}  // namespace
}  // namespace mixagent
