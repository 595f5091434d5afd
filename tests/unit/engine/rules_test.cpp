// Rules of dispatch, ladder and checks, each over a whole run with everything scripted.

#include "engine/finish.h"
#include "unit/engine/world.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

using namespace mixagent;  // NOLINT(google-build-using-namespace)

namespace {

const char* const approve = R"({"verdict":"approve","score":0.9})";

std::string call_write(const std::string& path, const std::string& content) {
  return R"({"path":")" + path + R"(","content":")" + content + R"("})";
}

ChatReply writes(const std::string& path, const std::string& content) {
  return reply_calls({{"write_file", call_write(path, content)}, {"finish", R"({"summary":"s"})"}});
}

ChatReply turns_to_two() {
  return reply_calls(
      {{"edit_file", R"({"path":"a.txt","edits":[{"search":"one","replace":"two"}]})"},
       {"finish", R"({"summary":"s"})"}});
}

void step_says(World& world, const std::string& step, ChatReply reply,
               const std::string& contains = {}) {
  ScriptedReply scripted;
  scripted.model = "small";
  scripted.step = step;
  scripted.contains = contains;
  scripted.reply = std::move(reply);
  world.models.add(scripted);
}

// Steps a, b, c ... that each create a file of their own and must see `check-N`.
void planned(World& world, const std::vector<std::string>& ids) {
  std::string steps;
  for (const std::string& id : ids) {
    steps += std::string(steps.empty() ? "" : ",") + R"({"id":")" + id +
             R"(","instructions":"write it","files":{"create":[")" + id +
             R"(.txt"]},"checks":[{"command":"check-)" + id + R"("}]})";
  }
  world.models.says(
      "planner", reply_calls({{"submit_plan", R"({"decision":"plan","steps":[)" + steps + "]}"}}));
}

// Passes when the step's own file is there and no file says that it breaks this step.
void check_unbroken(World& world, const std::string& id, const std::vector<std::string>& all) {
  world.sandbox.on("check-" + id,
                   [&world, id, all](const SandboxCommand& run) -> Result<CommandResult> {
                     CommandResult result;
                     if (!world.workspaces.file_at(run.workspace, id + ".txt"))
                       result.exit_code = 1;
                     for (const std::string& other : all) {
                       const auto text = world.workspaces.file_at(run.workspace, other + ".txt");
                       if (text && *text == "breaks " + id) result.exit_code = 1;
                     }
                     return result;
                   });
}

int checks_in(World& world, const std::string& phase) {
  int count = 0;
  for (const CheckCompleted& check : world.journal.all<CheckCompleted>())
    count += check.phase == phase ? 1 : 0;
  return count;
}

std::vector<std::string> integrated(World& world) {
  std::vector<std::string> steps;
  for (const ChangeIntegrated& one : world.journal.all<ChangeIntegrated>())
    steps.push_back(one.step);
  return steps;
}

struct Batch {
  const char* name;
  std::vector<std::pair<std::string, std::string>> contents;  // of each step's file, at first
  std::vector<std::string> back;                              // steps that are done twice
  std::vector<std::string> order;                             // of integration
};

}  // namespace

TEST_CASE(
    "a batch is checked once; only when it fails the step at fault is sought and done again") {
  const std::vector<Batch> cases = {
      {"all good", {{"a", "x"}, {"b", "x"}, {"c", "x"}, {"d", "x"}}, {}, {"a", "b", "c", "d"}},
      {"the second", {{"a", "x"}, {"b", "breaks a"}, {"c", "x"}}, {"b"}, {"a", "c", "b"}},
      {"the last", {{"a", "x"}, {"b", "x"}, {"c", "breaks b"}}, {"c"}, {"a", "b", "c"}},
      {"two",
       {{"a", "x"}, {"b", "breaks a"}, {"c", "x"}, {"d", "breaks c"}},
       {"b", "d"},
       {"a", "c", "b", "d"}},
  };
  for (const Batch& one : cases) {
    INFO(std::string(one.name));
    World world(Files{{"base.txt", "base"}});
    world.settings.run.jobs = 1;
    std::vector<std::string> ids;
    for (const auto& [id, content] : one.contents) ids.push_back(id);
    planned(world, ids);
    for (const auto& [id, content] : one.contents) {
      check_unbroken(world, id, ids);
      step_says(world, id, writes(id + ".txt", content));
    }
    for (const std::string& id : one.back) {
      step_says(world, id, writes(id + ".txt", "y"), "did not fit: `check-");
    }
    world.models.says("judge", reply_calls({{"submit_review", approve}}));
    const RunResult result = world.go(goal_with("write them", {}, Lane::plan));
    CHECK(result.exit_code == 0);
    CHECK(integrated(world) == one.order);
    CHECK(world.journal.all<StepStarted>().size() == ids.size() + one.back.size());
    if (!one.back.empty()) continue;
    CHECK(checks_in(world, "integration") == static_cast<int>(ids.size()));
    CHECK(checks_in(world, "final") == 0);  // the tree is the one that was just checked
  }
}

TEST_CASE("a step is held back only by what it builds on") {
  World world(Files{{"base.txt", "base"}});
  world.settings.run.jobs = 1;
  const std::vector<std::string> ids = {"a", "b", "c"};
  world.models.says("planner", reply_calls({{"submit_plan", R"({"decision":"plan","steps":[
    {"id":"a","instructions":"x","files":{"create":["a.txt"]},"checks":[{"command":"check-a"}]},
    {"id":"b","instructions":"x","files":{"create":["b.txt"]},"checks":[{"command":"check-b"}]},
    {"id":"c","instructions":"x","files":{"create":["c.txt"]},"depends_on":["b"],"checks":[{"command":"check-c"}]}]})"}}));
  for (const std::string& id : ids) {
    check_unbroken(world, id, ids);
    step_says(world, id, writes(id + ".txt", "x"));
  }
  world.models.says("judge", reply_calls({{"submit_review", approve}}));
  CHECK(world.go(goal_with("write them", {}, Lane::plan)).exit_code == 0);
  // b begins on the base, beside the unchecked a; c needs b, so both were checked before.
  const auto started = world.journal.all<StepStarted>();
  REQUIRE(started.size() == 3);
  CHECK(started[0].base == started[1].base);
  CHECK(started[2].base == world.journal.all<ChangeIntegrated>().at(1).tree);
  CHECK(checks_in(world, "integration") == 2);  // a and b together; c stood on the checked tree
}

TEST_CASE("a step leaves alone what another one is at work on") {
  World world(Files{{"a.txt", "one"}});
  world.settings.run.jobs = 1;
  world.sandbox.on("holds", 0);
  world.models.says("planner", reply_calls({{"submit_plan", R"({"decision":"plan","steps":[
    {"id":"a","instructions":"x","files":{"write":["a.txt"]}},
    {"id":"b","instructions":"x","files":{"create":["b.txt"]}}]})"}}));
  const auto edit_a = [](const std::string& from, const std::string& to) {
    return std::pair<std::string, std::string>(
        "edit_file",
        R"({"path":"a.txt","edits":[{"search":")" + from + R"(","replace":")" + to + R"("}]})");
  };
  const std::pair<std::string, std::string> finish{"finish", R"({"summary":"s"})"};
  step_says(world, "a", turns_to_two());
  step_says(world, "b",
            reply_calls({{"write_file", call_write("b.txt", "x")}, edit_a("one", "mine"), finish}));
  step_says(world, "b", reply_calls({edit_a("mine", "one"), finish}));
  for (int i = 0; i < 3; ++i) world.models.says("judge", reply_calls({{"submit_review", approve}}));
  CHECK(world.go(goal_with("both", {"holds"}, Lane::plan)).exit_code == 0);
  const auto gates = world.journal.all<GateFailed>();
  REQUIRE(gates.size() == 1);
  CHECK(gates[0].gate == "owned");
  CHECK(gates[0].hard);
  CHECK(world.workspaces.user_files() == Files{{"a.txt", "two"}, {"b.txt", "x"}});
}

TEST_CASE("a step leaves alone what the next one to begin is about to work on") {
  World world(Files{{"base.txt", "base"}});
  world.settings.run.jobs = 2;
  world.settings.review.enabled = false;
  planned(world, {"a", "b"});
  for (const char* id : {"a", "b"}) check_unbroken(world, id, {"a", "b"});
  const std::pair<std::string, std::string> finish{"finish", R"({"summary":"s"})"};
  step_says(world, "a",
            reply_calls({{"write_file", call_write("a.txt", "x")},
                         {"write_file", call_write("b.txt", "mine")},
                         finish}));
  step_says(world, "a", reply_calls({{"run_command", R"({"command":"rm b.txt"})"}, finish}));
  world.sandbox.on("rm b.txt", [&world](const SandboxCommand& run) -> Result<CommandResult> {
    world.workspaces.remove_at(run.workspace, "b.txt");
    return CommandResult{};
  });
  step_says(world, "b", writes("b.txt", "x"));
  CHECK(world.go(goal_with("both", {}, Lane::plan)).exit_code == 0);
  const auto gates = world.journal.all<GateFailed>();
  REQUIRE(gates.size() == 1);
  CHECK(gates[0].step == "a");
  CHECK(gates[0].gate == "owned");
}

TEST_CASE("a step's outcome that cannot be recorded ends the run, and is not waited for again") {
  World world(Files{{"base.txt", "base"}});
  world.settings.run.jobs = 1;
  world.settings.review.enabled = false;
  planned(world, {"a", "b"});
  for (const std::string& id : std::vector<std::string>{"a", "b"}) {
    check_unbroken(world, id, {"a", "b"});
    step_says(world, id, writes(id + ".txt", "x"));
  }
  world.journal.refuse([](const Fact& fact) {
    const auto* effect = std::get_if<EffectCompleted>(&fact);
    return effect != nullptr && effect->hash == "taken";
  });
  CHECK(world.go(goal_with("both", {}, Lane::plan)).exit_code != 0);
  CHECK(world.journal.all<StepStarted>().size() == 1);
  CHECK(world.journal.all<StepCompleted>().size() == 1);
}

TEST_CASE("ask_advisor is answered three times in an attempt") {
  World world(Files{{"a.txt", "one\n"}});
  world.check_holds("check-two", "a.txt", "two");
  world.settings.lineup.seats["advisor"] = seat("advisor", {}, {"judge"});
  world.settings.lineup.seats["worker"].tools.push_back("ask_advisor");
  for (int i = 0; i < 4; ++i)
    world.models.says(
        "small",
        reply_calls({{"ask_advisor", R"({"question":"why )" + std::to_string(i) + R"(?"})"}}));
  for (int i = 0; i < 3; ++i) world.models.says("judge", reply_text("because"));
  world.models.says("small", turns_to_two());
  CHECK(world.go(goal_with("make it two", {"check-two"}, Lane::solo)).exit_code == 0);
  CHECK(world.models.requests_of("judge").size() == 3);
}

TEST_CASE("an attempt that costs eight times the usual of its model ends, and says so") {
  World world(Files{{"base.txt", "base"}});
  world.settings.run.jobs = 1;
  world.settings.review.enabled = false;
  const std::vector<std::string> ids = {"a", "b", "c", "d", "e", "f"};
  planned(world, ids);
  for (const std::string& id : ids) {
    check_unbroken(world, id, ids);
    ChatReply reply = writes(id + ".txt", "x");
    if (id == "f") reply = reply_calls({{"read_file", R"({"path":"base.txt"})"}});
    reply.usage.input = id == "f" ? 100'000 : 1'000;
    step_says(world, id, reply);
  }
  world.models.says("large", writes("f.txt", "x"));
  CHECK(world.go(goal_with("write them", {}, Lane::plan)).exit_code == 0);
  const auto climbs = world.journal.all<Escalated>();
  REQUIRE(climbs.size() == 1);
  CHECK(climbs[0].step == "f");
  CHECK(climbs[0].why.find("limit: ") == 0);
  CHECK(climbs[0].why.find("usual") != std::string::npos);
}

TEST_CASE(
    "a check has three times what the base took and half a minute, and never less than asked") {
  for (const auto& [base_ms, asked, seconds] :
       std::vector<std::tuple<std::int64_t, int, int>>{{400'000, 600, 1'230}, {1'000, 600, 600}}) {
    World world(Files{{"a.txt", "one\n"}});
    std::vector<std::int64_t> given;
    world.sandbox.on(
        "slow",
        [&world, &given, base = base_ms](const SandboxCommand& run) -> Result<CommandResult> {
          given.push_back(std::chrono::duration_cast<std::chrono::seconds>(run.timeout).count());
          CommandResult result;
          const auto text = world.workspaces.file_at(run.workspace, "a.txt");
          result.exit_code = text && text->find("two") != std::string::npos ? 0 : 1;
          result.ms = base;
          return result;
        });
    world.models.says("small", turns_to_two());
    Goal goal = goal_with("make it two", {"slow"}, Lane::solo);
    goal.checks[0].timeout_s = asked;
    CHECK(world.go(goal).exit_code == 0);
    REQUIRE_FALSE(given.empty());
    CHECK(given.front() == asked);  // nothing is known of the base yet
    CHECK(given.back() == seconds);
  }
}

TEST_CASE("check_jobs checks run at the same time, and no more") {
  for (const int jobs : {1, 2}) {
    World world(Files{{"a.txt", "one\n"}});
    world.settings.verify.check_jobs = jobs;
    world.settings.review.enabled = false;
    std::atomic<int> open{0}, most{0};
    world.sandbox.on("check-", [&](const SandboxCommand& run) -> Result<CommandResult> {
      const int now = ++open;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      // Waits until the other one is there, where there can be one.
      for (int i = 0; i < 5'000 && jobs > 1 && most < 2; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      --open;
      CommandResult result;
      const auto text = world.workspaces.file_at(run.workspace, "a.txt");
      result.exit_code = text && text->find("two") != std::string::npos ? 0 : 1;
      return result;
    });
    world.models.says("small", turns_to_two());
    CHECK(world.go(goal_with("make it two", {"check-1", "check-2", "check-3"}, Lane::solo))
              .exit_code == 0);
    CHECK(most == jobs);
  }
}

TEST_CASE("a failing check's network is news for a person, not for the next rung") {
  World world(Files{{"a.txt", "one\n"}});
  world.sandbox.on("check", [&](const SandboxCommand& run) -> Result<CommandResult> {
    CommandResult result;
    const auto text = world.workspaces.file_at(run.workspace, "a.txt");
    result.exit_code = 1;
    result.output = text == "one\n" ? "not two\n" : "getaddrinfo EAI_AGAIN example.org\n";
    return result;
  });
  for (int i = 0; i < 2; ++i)
    world.models.says(
        "small",
        reply_calls({{"edit_file",
                      i == 0 ? R"({"path":"a.txt","edits":[{"search":"one","replace":"two"}]})"
                             : R"({"path":"a.txt","edits":[{"search":"two","replace":"three"}]})"},
                     {"finish", R"({"summary":"s"})"}}));
  const RunResult result = world.go(goal_with("make it two", {"check"}, Lane::solo));
  CHECK(result.exit_code == 6);
  REQUIRE(result.error);
  CHECK(result.error->message.find("EAI_AGAIN") != std::string::npos);
  CHECK(result.error->message.find("[verify] setup") != std::string::npos);
  CHECK(world.models.requests_of("large").empty());
  CHECK(world.models.requests_of("planner").empty());
  REQUIRE(world.journal.all<LadderStopped>().size() == 1);
}

namespace {

// One step without a check of its own: its review decides. The first thing that the reviewer says.
struct Reviewed {
  const char* verdict;
  const char* findings;
  std::size_t worker_calls, climbs, planner_calls;
};

}  // namespace

TEST_CASE("what a step's review causes while every command passes") {
  const char* const shown =
      R"([{"id":"f1","severity":"blocking","file":"a.txt","line":1,"claim":"wrong","evidence":"run it"}])";
  const char* const bare = R"([{"id":"f1","severity":"blocking","claim":"wrong"}])";
  const std::vector<Reviewed> cases = {
      {"approve", "[]", 1, 0, 1},
      {"revise", bare, 1, 0, 1},     // a finding without evidence is a nit
      {"revise", shown, 2, 0, 1},    // once more on the same rung
      {"escalate", shown, 2, 0, 1},  // no command fails: it revises
      {"replan", shown, 2, 0, 2},    // to the planner, who cuts the step anew
  };
  for (const Reviewed& one : cases) {
    INFO(std::string(one.verdict), one.findings);
    World world(Files{{"a.txt", "one"}});
    world.sandbox.on("holds", 0);
    world.models.says("planner", reply_calls({{"submit_plan", R"({"decision":"plan","steps":[
      {"id":"s1","instructions":"two","files":{"write":["a.txt"]}}]})"}}));
    world.models.says("planner", reply_calls({{"submit_plan", R"({"decision":"plan","steps":[
      {"id":"p1","instructions":"otherwise","files":{"write":["a.txt"]}}]})"}}));
    world.models.says("small", turns_to_two());
    world.models.says(
        "judge",
        reply_calls({{"submit_review", std::string(R"({"verdict":")") + one.verdict +
                                           R"(","score":0.9,"findings":)" + one.findings + "}"}}));
    const bool anew = std::string(one.verdict) == "replan";
    world.models.says(
        "small",
        anew ? turns_to_two()
             : reply_calls({{"edit_file",
                             R"({"path":"a.txt","edits":[{"search":"two","replace":"two!"}]})"},
                            {"finish", R"({"summary":"s"})"}}));
    for (int i = 0; i < 2; ++i)
      world.models.says("judge", reply_calls({{"submit_review", approve}}));
    CHECK(world.go(goal_with("make it two", {"holds"}, Lane::plan)).exit_code == 0);
    CHECK(world.models.requests_of("small").size() == one.worker_calls);
    CHECK(world.journal.all<Escalated>().size() == one.climbs);
    CHECK(world.models.requests_of("planner").size() == one.planner_calls);
    CHECK(world.journal.all<LadderStopped>().size() == (anew ? 1 : 0));
  }
}

TEST_CASE("another family reviews where the seat has one") {
  struct Case {
    std::vector<std::string> reviewers;
    std::string asked, note;
  };
  for (const Case& one :
       std::vector<Case>{{{"judge"}, "judge", ""},
                         {{"peer", "judge"}, "judge", ""},
                         {{"peer"}, "peer", "the reviewer is of the worker's own family (b)"}}) {
    World world(Files{{"a.txt", "one"}});
    world.check_holds("check-two", "a.txt", "two");
    world.settings.lineup.models["peer"] = model("peer", 3, "b", 1);
    world.settings.lineup.seats["reviewer"].ladder = one.reviewers;
    world.models.says("planner", reply_calls({{"submit_plan", R"({"decision":"plan","steps":[
      {"id":"s1","instructions":"two","files":{"write":["a.txt"]},"checks":[{"command":"check-two"}]}]})"}}));
    world.models.says("small", turns_to_two());
    world.models.says(one.asked, reply_calls({{"submit_review", approve}}));
    CHECK(world.go(goal_with("make it two", {"check-two"}, Lane::plan)).exit_code == 0);
    const auto reviews = world.journal.all<ReviewCompleted>();
    REQUIRE(reviews.size() == 1);
    CHECK(reviews[0].model == one.asked);
    CHECK(reviews[0].note == one.note);
  }
}

TEST_CASE("the final reviewer is told which changed tests fail as they were before") {
  VerdictOutput verdict;
  CHECK(noted_for_review(verdict).empty());
  verdict.bent_files = {"tests/a_test.py"};
  const std::string file =
      "- The change edits what judges it (tests/a_test.py): in the version from before the change "
      "it fails on this result. Say whether the goal asks for that, or the test was bent to "
      "pass.\n";
  CHECK(noted_for_review(verdict) == file);
  verdict.bent_tests = {"test_one", "test_two"};
  CHECK(noted_for_review(verdict) ==
        file + "- Tests that fail in that version: test_one, test_two\n");
}
