// Whole runs over the second implementations of all ports: what the engine decides, without a
// process, a disk or a network.

#include "base/digest.h"
#include "unit/engine/world.h"

#include <doctest/doctest.h>

using namespace mixagent;  // NOLINT(google-build-using-namespace)

namespace {

const char* const approve = R"({"verdict":"approve","score":0.9,"findings":[]})";

}  // namespace

TEST_CASE("a solo worker turns a red check green: full, one call, nothing wasted") {
  World world(Files{{"a.txt", "one\n"}});
  world.check_holds("check-two", "a.txt", "two");
  world.models.says(
      "small",
      reply_calls({{"write_file", R"({"path":"b.txt","content":"x\n"})"},
                   {"edit_file", R"({"path":"a.txt","edits":[{"search":"one","replace":"two"}]})"},
                   {"finish", R"({"summary":"done"})"}}));
  const RunResult result = world.go(goal_with("make it two", {"check-two"}, Lane::solo));
  CHECK(result.subtype == "success");
  CHECK(result.verified == Verified::full);
  CHECK(result.model_calls == 1);
  CHECK(result.wasted == Money{});
  CHECK(result.files_changed == std::vector<std::string>{"a.txt", "b.txt"});
  CHECK(world.workspaces.user_files() == Files{{"a.txt", "two\n"}, {"b.txt", "x\n"}});
  CHECK(world.workspaces.open_copies() == 0);
}

TEST_CASE("a commit names its run, its seats, what it cost and what was verified") {
  World world(Files{{"a.txt", "one\n"}});
  world.check_holds("check-two", "a.txt", "two");
  world.models.says(
      "small",
      reply_calls({{"edit_file", R"({"path":"a.txt","edits":[{"search":"one","replace":"two"}]})"},
                   {"finish", R"({"summary":"done"})"}}));
  Goal goal = goal_with("make it two", {"check-two"}, Lane::solo);
  goal.commit = true;
  const RunResult result = world.go(goal);
  const std::string message =
      "make it two\n\nMixagent-Run: test-run\nMixagent-Seats: worker=small, "
      "large\nMixagent-Cost: " +
      format_usd(result.total_cost) + "\nMixagent-Verified: full\n";
  CHECK(result.total_cost > Money{});
  // In memory a commit's id is the hash of its branch and message.
  CHECK(result.commit == sha256_hex("\n" + message).substr(0, 40));
  CHECK(result.delivered == "commit " + result.commit);
}

TEST_CASE(
    "failing output goes back into the same conversation, then the next rung gets a dossier") {
  World world(Files{{"a.txt", "one\n"}});
  world.check_holds("check-two", "a.txt", "two");
  const auto wrong = [](const char* from, const char* to) {
    return reply_calls({{"edit_file", std::string(R"({"path":"a.txt","edits":[{"search":")") +
                                          from + R"(","replace":")" + to + R"("}]})"},
                        {"finish", R"({"summary":"tried"})"}});
  };
  world.models.says("small", wrong("one", "three"));
  world.models.says("small", wrong("three", "four"));
  world.models.says("large", wrong("one", "two"));
  const RunResult result = world.go(goal_with("make it two", {"check-two"}, Lane::solo));
  CHECK(result.subtype == "success");
  CHECK(result.escalations == 1);
  CHECK(result.wasted > Money{});
  const auto small = world.models.requests_of("small");
  REQUIRE(small.size() == 2);
  CHECK(rendered(small[1]).find("a.txt lacks two") != std::string::npos);
  const auto large = world.models.requests_of("large");
  REQUIRE(large.size() == 1);
  CHECK(rendered(large[0]).find("{handoff}") != std::string::npos);
  CHECK(rendered(large[0]).find("+four") != std::string::npos);
  CHECK(result.steps[0].model == "large");
}

TEST_CASE("a plan: parallel steps, a dependent one, integration, final review") {
  World world(Files{{"a.txt", "a\n"}, {"b.txt", "b\n"}, {"c.txt", "c\n"}});
  world.check_holds("check-a", "a.txt", "A");
  world.check_holds("check-b", "b.txt", "B");
  world.check_holds("check-c", "c.txt", "C");
  world.models.says(
      "planner", reply_calls({{"submit_plan", R"({"decision":"plan","reason":"three files","steps":[
    {"id":"s1","instructions":"a","files":{"write":["a.txt"]},"checks":[{"command":"check-a"}]},
    {"id":"s2","instructions":"b","files":{"write":["b.txt"]},"checks":[{"command":"check-b"}]},
    {"id":"s3","instructions":"c","files":{"write":["c.txt"]},"depends_on":["s1","s2"],"checks":[{"command":"check-c"}]}]})"}}));
  for (const auto& [step, file, from, to] : std::vector<std::array<const char*, 4>>{
           {"s1", "a.txt", "a", "A"}, {"s2", "b.txt", "b", "B"}, {"s3", "c.txt", "c", "C"}}) {
    ScriptedReply reply;
    reply.model = "small";
    reply.step = step;
    reply.reply = reply_calls(
        {{"edit_file", std::string(R"({"path":")") + file + R"(","edits":[{"search":")" + from +
                           R"(","replace":")" + to + R"("}]})"},
         {"finish", R"({"summary":"done"})"}});
    world.models.add(reply);
  }
  world.models.says("judge", reply_calls({{"submit_review", approve}}));
  const RunResult result = world.go(goal_with("capitals", {"check-c"}, Lane::plan));
  CHECK(result.subtype == "success");
  CHECK(result.verified == Verified::full);
  CHECK(result.steps.size() == 3);
  for (const StepSummary& step : result.steps) CHECK(step.status == StepStatus::verified);
  CHECK(world.workspaces.user_files() ==
        Files{{"a.txt", "A\n"}, {"b.txt", "B\n"}, {"c.txt", "C\n"}});
  CHECK(world.models.unused().empty());
}

TEST_CASE("all rungs fail: exit 3, the user's tree untouched, the work kept") {
  World world(Files{{"a.txt", "one\n"}});
  world.check_holds("check-two", "a.txt", "two");
  world.models.says("planner", reply_calls({{"submit_plan", R"({"decision":"solo"})"}}));
  for (const char* name : {"small", "large"}) {
    ScriptedReply reply;
    reply.model = name;
    reply.forever = true;
    reply.reply = reply_calls(
        {{"write_file", R"({"path":"new.txt","content":"x"})"}, {"finish", R"({"summary":"s"})"}});
    world.models.add(reply);
  }
  const RunResult result = world.go(goal_with("make it two", {"check-two"}, Lane::solo));
  CHECK(result.exit_code == 3);
  CHECK(result.subtype == "not_reached");
  CHECK(world.workspaces.user_files() == Files{{"a.txt", "one\n"}});
  CHECK(result.wasted + result.cost_by_seat.at("planner") == result.total_cost);
}

TEST_CASE("the cap holds: no call that could overshoot it is made") {
  World world(Files{{"a.txt", "one\n"}});
  world.check_holds("check-two", "a.txt", "two");
  world.settings.budget.run = Money{pico_per_usd / 1000};
  const RunResult result = world.go(goal_with("make it two", {"check-two"}, Lane::solo));
  CHECK(result.exit_code == 4);
  CHECK(result.model_calls == 0);
  CHECK(world.models.requests().empty());
}

TEST_CASE("no_op ends well, need_input asks") {
  for (const auto& [plan, code] : std::vector<std::pair<const char*, int>>{
           {R"({"decision":"no_op","reason":"it is there already"})", 0},
           {R"({"decision":"need_input","question":"which one?"})", 6}}) {
    World world(Files{{"a.txt", "one\n"}});
    world.models.says("planner", reply_calls({{"submit_plan", plan}}));
    const RunResult result = world.go(goal_with("x", {}, Lane::plan));
    CHECK(result.exit_code == code);
    CHECK(world.workspaces.user_files() == Files{{"a.txt", "one\n"}});
  }
}

TEST_CASE("a plan that stays faulty falls back to the goal as one step, with the plan as notes") {
  World world(Files{{"a.txt", "one\n"}});
  world.check_holds("check-two", "a.txt", "two");
  const char* faulty =
      R"({"decision":"plan","steps":[{"id":"s1","instructions":"do it","depends_on":["s9"]}]})";
  world.models.says("planner", reply_calls({{"submit_plan", faulty}}));
  world.models.says("planner", reply_calls({{"submit_plan", faulty}}));
  world.models.says(
      "small",
      reply_calls({{"edit_file", R"({"path":"a.txt","edits":[{"search":"one","replace":"two"}]})"},
                   {"finish", R"({"summary":"done"})"}}));
  const RunResult result = world.go(goal_with("make it two", {"check-two"}, Lane::plan));
  CHECK(result.exit_code == 0);
  CHECK(result.decision == "solo");
  CHECK(world.journal.all<PlanRejected>().size() == 2);
  CHECK(rendered(world.models.requests_of("small").at(0)).find("do it") != std::string::npos);
}

TEST_CASE(
    "the final review's finding is settled by one more step; round two sees only what is open") {
  World world(Files{{"a.txt", "one\n"}});
  world.check_holds("check-two", "a.txt", "two");
  world.models.says(
      "planner",
      reply_calls(
          {{"submit_plan",
            R"({"decision":"plan","steps":[{"id":"s1","instructions":"two","files":{"write":["a.txt"]},"checks":[{"command":"check-two"}]}]})"}}));
  world.models.says(
      "small",
      reply_calls({{"edit_file", R"({"path":"a.txt","edits":[{"search":"one","replace":"two"}]})"},
                   {"finish", R"({"summary":"s"})"}}));
  world.models.says(
      "judge",
      reply_calls(
          {{"submit_review",
            R"({"verdict":"revise","score":0.3,"findings":[{"id":"f1","severity":"blocking","file":"a.txt","line":1,"claim":"no bang","evidence":"a.txt:1"}]})"}}));
  world.models.says(
      "small",
      reply_calls({{"edit_file", R"({"path":"a.txt","edits":[{"search":"two","replace":"two!"}]})"},
                   {"finish", R"({"summary":"s"})"}}));
  world.models.says("judge", reply_calls({{"submit_review", approve}}));
  world.models.says("judge", reply_calls({{"submit_review", approve}}));
  const RunResult result = world.go(goal_with("make it two", {"check-two"}, Lane::plan));
  CHECK(result.exit_code == 0);
  CHECK(result.findings_open.empty());
  CHECK(world.workspaces.user_files() == Files{{"a.txt", "two!\n"}});
}

TEST_CASE(
    "a target that removes a folder of the user's own tree is checked in copies from the start") {
  World world(Files{{"a.txt", "one\n"}});
  world.sandbox.on("rm -rf build", [&](const SandboxCommand& command) -> Result<CommandResult> {
    CommandResult result;
    const auto text = world.workspaces.file_at(command.workspace, "a.txt");
    result.exit_code = text == "two\n" && world.workspaces.copies_only() ? 0 : 1;
    if (!world.workspaces.copies_only())
      result.output = "rm: cannot remove 'build': Device or resource busy\n[build" +
                      std::string(live_folder_stays) + "]\n";
    return result;
  });
  world.models.says(
      "small",
      reply_calls({{"edit_file", R"({"path":"a.txt","edits":[{"search":"one","replace":"two"}]})"},
                   {"finish", R"({"summary":"done"})"}}));
  const RunResult result = world.go(goal_with("make it two", {"rm -rf build; check"}, Lane::solo));
  CHECK(result.subtype == "success");
  CHECK(result.verified == Verified::full);
  CHECK(world.sandbox.commands() == std::vector<std::string>(3, "rm -rf build; check"));
}
