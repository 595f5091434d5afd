// The one question before money is spent on workers.

#include "engine/estimate.h"
#include "unit/engine/world.h"

#include <doctest/doctest.h>

namespace mixagent {
namespace {

const char* const plan =
    R"({"decision":"plan","reason":"two files","steps":[{"id":"s1","title":"First","instructions":"a","files":{"write":["a.txt"]}},{"id":"s2","title":"Second","instructions":"b","files":{"write":["b.txt"]},"difficulty":"high","depends_on":["s1"]}]})";

RunResult play(World& world, bool ask) {
  ScriptedReply planner;
  planner.model = "planner";
  planner.reply = reply_calls({{"submit_plan", plan}});
  world.models.add(planner);
  for (const std::string path : {"a.txt", "b.txt"}) {
    ScriptedReply reply;
    reply.step = path == "a.txt" ? "s1" : "s2";
    reply.seat = "worker";
    reply.reply = reply_calls({{"write_file", R"({"path":")" + path + R"(","content":"x"})"},
                               {"finish", R"({"summary":"s"})"}});
    world.models.add(reply);
  }
  world.settings.review.enabled = false;
  Goal goal = goal_with("two files", {}, Lane::plan);
  goal.ask_before_work = ask;
  return world.go(goal);
}

TEST_CASE("on a terminal a plan is shown with its price and asked about") {
  World world(Files{{"c.txt", "c"}}, {"y"});
  CHECK(play(world, true).exit_code == 0);
  const auto questions = world.console.questions();
  REQUIRE(questions.size() == 1);
  CHECK(questions[0] ==
        "The plan: two files\n"
        "  s1: First (worker, small, about $0.030)\n"
        "  s2: Second (worker, large, about $0.090) after s1\n"
        "About $0.12 if every step is done at its first model.\n"
        "Carry it out? [Y/n] ");
}

TEST_CASE("no means that no worker is paid; -y and pipes are never asked") {
  World refused(Files{{"c.txt", "c"}}, {"no"});
  const RunResult result = play(refused, true);
  CHECK(result.exit_code == 6);
  CHECK(result.model_calls == 1);
  CHECK(refused.workspaces.user_files() == Files{{"c.txt", "c"}});

  World yes(Files{{"c.txt", "c"}}, {"unused"});
  CHECK(play(yes, false).exit_code == 0);
  CHECK(yes.console.questions().empty());

  World headless(Files{{"c.txt", "c"}});
  CHECK(play(headless, true).exit_code == 0);
  CHECK(headless.console.questions().empty());
}

}  // namespace
}  // namespace mixagent
