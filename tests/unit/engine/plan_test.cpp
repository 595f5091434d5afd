// What a plan means for a run (PROTOCOLS 2), beside the validation of core/plan_rules.

#include "unit/engine/world.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace mixagent;  // NOLINT(google-build-using-namespace)

namespace {

const char* const approve = R"({"verdict":"approve","score":0.9})";

ChatReply plans(const std::string& plan) {
  return reply_calls({{"submit_plan", plan}});
}

ChatReply edits(const std::string& from, const std::string& to) {
  return reply_calls({{"edit_file", R"({"path":"a.txt","edits":[{"search":")" + from +
                                        R"(","replace":")" + to + R"("}]})"},
                      {"finish", R"({"summary":"s"})"}});
}

// Fails while a.txt holds `word`.
void check_lacks(World& world, const std::string& command, const std::string& word) {
  world.sandbox.on(command, [&world, word](const SandboxCommand& run) -> Result<CommandResult> {
    CommandResult result;
    const auto text = world.workspaces.file_at(run.workspace, "a.txt");
    result.exit_code = text && text->find(word) != std::string::npos ? 1 : 0;
    result.output = result.exit_code == 0 ? "" : "a.txt holds " + word + "\n";
    return result;
  });
}

bool holds(const ChatRequest& request, const std::string& text) {
  return rendered(request).find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a plan's checks are added to the goal's; failing at the end, they cost one new plan") {
  World world(Files{{"a.txt", "one"}});
  check_lacks(world, "goal-check", "nothing");
  world.check_holds("plan-check", "a.txt", "three");
  world.check_holds("step-check", "a.txt", "two");
  world.models.says("planner",
                    plans(R"({"decision":"plan","checks":[{"command":"plan-check"}],"steps":[
    {"id":"s1","instructions":"two","files":{"write":["a.txt"]},"checks":[{"command":"step-check"}]}]})"));
  world.models.says("planner",
                    plans(R"({"decision":"plan","checks":[{"command":"plan-check"}],"steps":[
    {"id":"s2","instructions":"more","files":{"write":["a.txt"]},"checks":[{"command":"step-check"}]}]})"));
  world.models.says("small", edits("one", "two"));
  world.models.says("small", edits("two", "two more"));
  world.models.says("judge", reply_calls({{"submit_review", approve}}));  // of s2: nothing was red
  const RunResult result = world.go(goal_with("count", {"goal-check"}, Lane::plan));
  CHECK(result.exit_code == 3);
  std::vector<std::string> commands;
  for (const CheckRecord& check : result.checks) commands.push_back(check.command);
  CHECK(commands == std::vector<std::string>{"goal-check", "plan-check"});
  const auto asked = world.models.requests_of("planner");
  REQUIRE(asked.size() == 2);
  CHECK(holds(asked[1], "a.txt lacks three"));  // what the check printed
  CHECK(holds(asked[1], "step s1"));            // done and kept
  std::vector<std::string> started;
  for (const StepStarted& step : world.journal.all<StepStarted>()) started.push_back(step.step);
  CHECK(started == std::vector<std::string>{"s1", "s2"});
  CHECK(world.workspaces.user_files() == Files{{"a.txt", "one"}});
}

TEST_CASE("a step without checks of its own must keep the goal's that pass") {
  World world(Files{{"a.txt", "one"}});
  check_lacks(world, "goal-check", "bad");
  world.models.says("planner", plans(R"({"decision":"plan","steps":[
    {"id":"s1","instructions":"two","files":{"write":["a.txt"]}}]})"));
  world.models.says("small", edits("one", "bad"));
  world.models.says("small", edits("bad", "good"));
  for (int i = 0; i < 2; ++i) world.models.says("judge", reply_calls({{"submit_review", approve}}));
  CHECK(world.go(goal_with("count", {"goal-check"}, Lane::plan)).exit_code == 0);
  const auto asked = world.models.requests_of("small");
  REQUIRE(asked.size() == 2);
  CHECK(holds(asked[1], "a.txt holds bad"));
  CHECK(world.workspaces.user_files() == Files{{"a.txt", "good"}});
}

TEST_CASE("a path to write that does not exist yet is one to create") {
  World world(Files{{"a.txt", "one"}});
  world.check_holds("goal-check", "new.txt", "x");
  world.models.says("planner", plans(R"({"decision":"plan","steps":[
    {"id":"s1","instructions":"new","files":{"write":["new.txt"]},"checks":[{"command":"goal-check"}]}]})"));
  world.models.says("small", reply_calls({{"write_file", R"({"path":"new.txt","content":"x"})"},
                                          {"finish", R"({"summary":"s"})"}}));
  world.models.says("judge", reply_calls({{"submit_review", approve}}));
  CHECK(world.go(goal_with("new", {"goal-check"}, Lane::plan)).exit_code == 0);
  CHECK(world.journal.all<GateFailed>().empty());
  CHECK(world.journal.all<ScopeExtended>().empty());
}

TEST_CASE("a person at a terminal answers the planner, and the run goes on") {
  World world(Files{{"a.txt", "one"}}, {"the second one"});
  world.check_holds("goal-check", "a.txt", "two");
  world.models.says("planner", plans(R"({"decision":"need_input","question":"which?"})"));
  world.models.says("planner", plans(R"({"decision":"solo"})"));
  world.models.says("small", edits("one", "two"));
  CHECK(world.go(goal_with("count", {"goal-check"}, Lane::plan)).exit_code == 0);
  const auto asked = world.models.requests_of("planner");
  REQUIRE(asked.size() == 2);
  CHECK(holds(asked[1], "which?"));
  CHECK(holds(asked[1], "the second one"));
}
