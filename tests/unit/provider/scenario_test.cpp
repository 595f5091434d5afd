#include "provider/scenario.h"

#include "system/files.h"

#include <doctest/doctest.h>

namespace mixagent {

namespace {

Scenario parsed(std::string_view text) {
  auto scenario = Scenario::parse(text, "story.toml");
  REQUIRE(scenario);
  return std::move(*scenario);
}

std::string answer(Scenario& scenario, const ScenarioQuery& query) {
  const auto reply = scenario.next(query);
  return reply ? reply->text : "error: " + reply.error().what;
}

ScenarioQuery from(const std::string& seat, const std::string& text = {},
                   const std::string& step = {}, int attempt = 1) {
  return {"m", seat, step, attempt, text};
}

}  // namespace

TEST_CASE("the first unused reply that fits answers, once") {
  auto scenario = parsed(R"(
[[reply]]
seat = "planner"
text = "plan"
[[reply]]
seat = "worker"
match = "list.py"
text = "one"
[[reply]]
seat = "worker"
step = "s2"
attempt = 2
text = "two"
[[reply]]
model = "other"
text = "three"
[[reply]]
seat = "reviewer"
repeat = true
text = "fine"
)");
  CHECK(answer(scenario, from("worker", "edit list.py now")) == "one");
  CHECK(answer(scenario, from("worker", "edit list.py now")).rfind("error: ", 0) == 0);
  CHECK(answer(scenario, from("worker", "", "s2", 1)).rfind("error: ", 0) == 0);
  CHECK(answer(scenario, from("worker", "", "s2", 2)) == "two");
  CHECK(answer(scenario, from("reviewer")) == "fine");
  CHECK(answer(scenario, from("reviewer")) == "fine");
  CHECK(answer(scenario, {"other", "worker", "", 1, ""}) == "three");
  CHECK(scenario.unused() == std::vector<std::string>{"story.toml:2:1"});

  const auto missing = scenario.next(from("worker", "", "s9", 3));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().what ==
        R"(the scenario has no reply for model "m", seat "worker", step "s9", attempt 3)");
}

TEST_CASE("what a server cannot know meets every condition") {
  auto scenario =
      parsed("[[reply]]\nseat = \"worker\"\nstep = \"s1\"\nattempt = 2\ntext = \"a\"\n");
  CHECK(answer(scenario, {"m", {}, {}, {}, ""}) == "a");
}

TEST_CASE("nth counts the calls that meet the rest") {
  auto scenario = parsed(R"(
[[reply]]
seat = "worker"
nth = 2
text = "second"
[[reply]]
seat = "worker"
repeat = true
text = "any"
)");
  CHECK(answer(scenario, from("planner")).rfind("error: ", 0) == 0);
  CHECK(answer(scenario, from("worker")) == "any");
  CHECK(answer(scenario, from("worker")) == "second");
  CHECK(answer(scenario, from("worker")) == "any");
}

TEST_CASE("a reply says text, calls, usage, delays and errors") {
  auto scenario = parsed(R"(
[[reply]]
text = "look"
calls = [{ tool = "read_file", arguments = '''{"path": "a.py"}''' }, { tool = "edit_file", arguments = { path = "a.py", edits = [{ search = "1", replace = "2", all = true }] } }, { tool = "list_files" }]
usage = { input = 10, output = 2, cached_input = 8 }
delay_ms = 5
stop = "length"
[[reply]]
error = "rate_limited"
message = "slow down"
retry_after_ms = 20
)");
  const auto reply = scenario.next(from("worker"));
  REQUIRE(reply);
  CHECK(reply->calls ==
        std::vector<ScenarioCall>{
            {"read_file", R"({"path": "a.py"})"},
            {"edit_file", R"({"edits":[{"all":true,"replace":"2","search":"1"}],"path":"a.py"})"},
            {"list_files", "{}"}});
  REQUIRE(reply->usage);
  CHECK(reply->usage->input == 10);
  CHECK(reply->usage->cached_input == 8);
  CHECK(reply->usage->reported);
  CHECK(reply->delay_ms == 5);
  CHECK(reply->stop == StopReason::length);
  const auto error = scenario.next(from("worker"));
  REQUIRE(error);
  CHECK(error->error == ErrorCode::rate_limited);
  CHECK(error->message == "slow down");
  CHECK(error->retry_after_ms == 20);
}

TEST_CASE("faults of a scenario file say where") {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"[[reply]]\nseats = \"x\"\n", "did you mean \"seat\""},
      {"[[reply]]\nnth = -1\n", "whole number"},
      {"[[reply]]\nerror = \"tired\"\n", "rate_limited"},
      {"[[reply]]\nstop = \"whenever\"\n", "unknown word"},
      {"[[reply]]\ncalls = [{ arguments = '{}' }]\n", "without tool"},
      {"[[reply]]\nusage = { in = 3 }\n", "unknown key \"in\""},
      {"[[replies]]\ntext = \"x\"\n", "[[reply]]"},
      {"[[reply]]\ntext = 3\n", "string"},
      {"[[reply]\n", ""},
  };
  for (const auto& [text, words] : cases) {
    CAPTURE(text);
    const auto scenario = Scenario::parse(text, "story.toml");
    REQUIRE_FALSE(scenario);
    CHECK(scenario.error().code == ErrorCode::config);
    CHECK(scenario.error().what.find(words) != std::string::npos);
    CHECK(describe(scenario.error()).find("story.toml:") != std::string::npos);
  }
}

TEST_CASE("the demonstration's scenario can be read") {
  const auto file = MIXAGENT_SOURCE_DIR "/tests/demo/scenario.toml";
  const auto text = read_file(file);
  REQUIRE(text);
  const auto scenario = Scenario::parse(*text, file);
  if (!scenario) FAIL_CHECK(describe(scenario.error()));
  CHECK(scenario->unused().size() > 3);
}

}  // namespace mixagent
