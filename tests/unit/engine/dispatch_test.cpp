// Many steps: the scheduler's own work stays small, and everything arrives.

#include "unit/engine/world.h"

#include <doctest/doctest.h>

#include <string>

namespace mixagent {
namespace {

constexpr int many = 100;

TEST_CASE("a hundred steps, a few at a time") {
  World world(Files{{"a.txt", "a\n"}});
  world.settings.run.jobs = 8;
  world.settings.review.enabled = false;
  world.sandbox.on("true", 0);
  std::string steps;
  for (int i = 0; i < many; ++i) {
    const std::string id = "s" + std::to_string(i);
    steps += std::string(i == 0 ? "" : ",") + R"({"id":")" + id +
             R"(","instructions":"write it","files":{"create":[")" + id + R"(.txt"]})" +
             (i % 10 == 9 ? R"(,"depends_on":["s)" + std::to_string(i - 1) + R"("])" : "") + "}";
    ScriptedReply reply;
    reply.model = "small";
    reply.step = id;
    reply.reply = reply_calls({{"write_file", R"({"path":")" + id + R"(.txt","content":"x\n"})"},
                               {"finish", R"({"summary":"s"})"}});
    world.models.add(reply);
  }
  world.models.says(
      "planner", reply_calls({{"submit_plan",
                               R"({"decision":"plan","reason":"many","steps":[)" + steps + "]}"}}));
  const RunResult result = world.go(goal_with("write them all", {"true"}, Lane::plan));
  CHECK(result.exit_code == 0);
  CHECK(result.model_calls == many + 1);
  CHECK(world.workspaces.user_files().size() == many + 1);
  CHECK(world.journal.all<ChangeIntegrated>().size() == many);
  CHECK(world.workspaces.open_copies() == 0);
}

}  // namespace
}  // namespace mixagent
