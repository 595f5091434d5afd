#include "core/actions.h"

#include "base/json.h"
#include "base/text.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <vector>

namespace mixagent {
namespace {

Action decoded(const std::string& name, const std::string& arguments) {
  const auto action = decode_action(name, arguments);
  INFO(name, " ", arguments, " ", action ? "" : describe(action.error()));
  REQUIRE(action.has_value());
  return *action;
}

std::string refusal(const std::string& name, const std::string& arguments) {
  const auto action = decode_action(name, arguments);
  INFO(name, " ", arguments);
  REQUIRE_FALSE(action.has_value());
  CHECK(action.error().code == ErrorCode::protocol);
  return action.error().where + "|" + action.error().what;
}

Plan small_plan() {
  Plan plan;
  Step step;
  step.id = "s1";
  step.instructions = "add it";
  step.files.write = {"a.py"};
  Check check;
  check.command = "pytest -q";
  step.checks = {check};
  plan.steps = {step};
  return plan;
}

TEST_CASE("calls decode into actions") {
  CHECK(decoded("read_file", R"({"path":"a.py"})") == Action(ReadFile{"a.py", 0, 0}));
  CHECK(decoded("read_file", R"({"path":"a.py","start_line":3,"end_line":"9"})") ==
        Action(ReadFile{"a.py", 3, 9}));
  CHECK(decoded("list_files", "") == Action(ListFiles{}));
  CHECK(decoded("list_files", "  ") == Action(ListFiles{}));
  CHECK(decoded("list_files", "null") == Action(ListFiles{}));
  CHECK(decoded("list_files", R"({"path":null,"glob":"*.py","depth":2})") ==
        Action(ListFiles{".", "*.py", 2}));
  CHECK(decoded("search", R"({"pattern":"x+","path":"src","max_results":5})") ==
        Action(Search{"x+", "src", "", 5}));
  CHECK(decoded("edit_file", R"({"path":"a","edits":[{"search":"x","replace":"y","all":true}]})") ==
        Action(EditFile{"a", {Edit{"x", "y", true, 0}}}));
  CHECK(decoded("write_file", R"({"path":"a","content":"x\n"})") == Action(WriteFile{"a", "x\n"}));
  CHECK(decoded("run_command", R"({"command":"make","timeout_s":9.0})") ==
        Action(RunCommand{"make", 9}));
  CHECK(decoded("ask_advisor", R"({"question":"why"})") == Action(AskAdvisor{"why"}));
  CHECK(decoded("finish", R"({"summary":"done","confidence":0.5})") == Action(Finish{"done", 0.5}));
  CHECK(decoded("give_up", R"({"reason":"no"})") == Action(GiveUp{"no"}));
  CHECK(decoded("submit_brief", R"({"files":[{"path":"a","why":"b"}],"commands":{"test":"t"}})") ==
        Action(SubmitBrief{{{"a", "b"}}, {"", "t", ""}, ""}));
  CHECK(decoded("submit_review",
                R"({"verdict":"revise","score":0.2,"findings":[{"id":"f1","severity":"blocking",)"
                R"("claim":"c","line":4}]})") ==
        Action(SubmitReview{
            {ReviewVerdict::revise, 0.2, {{"f1", Severity::blocking, "", 4, "c", "", ""}}, ""}}));
}

TEST_CASE("what models wrap is unwrapped") {
  const Action edit = EditFile{"a", {Edit{"x", "y", false, 0}}};
  for (const char* arguments :
       {R"({"path":"a","edits":"[{\"search\":\"x\",\"replace\":\"y\"}]"})",
        R"({"path":"a","edits":{"search":"x","replace":"y"}})",
        R"({"path":"a","search":"x","replace":"y"})",
        R"({"path":"a","edits":[{"search":"x","replace":"y"}],"explanation":"because"})",
        R"("{\"path\":\"a\",\"edits\":[{\"search\":\"x\",\"replace\":\"y\"}]}")"}) {
    CHECK(decoded("edit_file", arguments) == edit);
  }

  const std::string bare =
      R"({"decision":"plan","steps":[{"id":"s1","instructions":"add it","files":{"write":["a.py"]},)"
      R"("checks":[{"command":"pytest -q"}]}]})";
  const Action plan = SubmitPlan{small_plan(), {}};
  CHECK(decoded("submit_plan", bare) == plan);
  CHECK(decoded("submit_plan", R"({"plan":)" + bare + "}") == plan);
  CHECK(decoded("submit_plan", R"({"plan":)" + dump_json(Json(bare)) + "}") == plan);
  CHECK(decoded("submit_plan",
                replace_all(bare, R"([{"command":"pytest -q"}])", R"(["pytest -q"])")) == plan);
  CHECK(decoded("submit_plan",
                replace_all(bare, R"([{"command":"pytest -q"}])", R"("pytest -q")")) == plan);
  CHECK(decoded("submit_review", R"({"review":{"verdict":"approve","score":1}})") ==
        Action(SubmitReview{{ReviewVerdict::approve, 1, {}, ""}}));
}

TEST_CASE("a plan's unknown fields are warnings") {
  const auto action = decoded(
      "submit_plan", R"({"decision":"solo","mood":"good","steps":[{"id":"a","instructions":"b",)"
                     R"("files":{"remove":[]},"effort":3}]})");
  CHECK(std::get<SubmitPlan>(action).warnings ==
        std::vector<std::string>{"unknown field steps[0].files.remove",
                                 "unknown field steps[0].effort", "unknown field mood"});
}

TEST_CASE("what does not fit names the place") {
  struct Case {
    const char *name, *arguments, *where_and_what;
  };
  const std::vector<Case> cases = {
      {"read_file", "{}", "path|missing"},
      {"read_file", "", "path|missing"},
      {"read_file", R"({"path":3})", "path|expected a string"},
      {"read_file", R"({"path":"a","start_line":"x"})", "start_line|expected a whole number"},
      {"read_file", "[1]", "arguments|expected an object"},
      {"edit_file", R"({"path":"a"})", "edits|missing"},
      {"edit_file", R"({"path":"a","edits":[{"replace":"y"}]})", "edits[0].search|missing"},
      {"edit_file", R"({"path":"a","edits":[{"search":"x","replace":"y"},{"search":"x"}]})",
       "edits[1].replace|missing"},
      {"edit_file", R"({"path":"a","edits":"x -> y"})", "edits|expected an array"},
      {"edit_file", R"({"path":"a","edits":[{"search":"x","replace":"y","all":"yes"}]})",
       "edits[0].all|expected true or false"},
      {"submit_plan", "{}", "decision|missing"},
      {"submit_plan", R"({"decision":"go"})",
       "decision|expected one of plan | solo | no_op | need_input"},
      {"submit_plan", R"({"decision":"plan","steps":[{"instructions":"x"}]})",
       "steps[0].id|missing"},
      {"submit_plan",
       R"({"decision":"plan","steps":[{"id":"a","instructions":"x","files":["a"]}]})",
       "steps[0].files|expected an object"},
      {"submit_review", R"({"verdict":"approve"})", "score|missing"},
      {"finish", R"({"summary":"x","confidence":"high"})", "confidence|expected a number"},
  };
  for (const auto& one : cases) CHECK(refusal(one.name, one.arguments) == one.where_and_what);

  const auto broken = decode_action("read_file", "{\"path\": \"a");
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().code == ErrorCode::protocol);
  CHECK(broken.error().hint == "call read_file with {path, start_line?, end_line?}");
}

TEST_CASE("an unknown tool names the nearest") {
  struct Case {
    const char *name, *hint;
  };
  for (const auto& one : std::vector<Case>{{"read_fil", "did you mean read_file?"},
                                           {"edit_files", "did you mean edit_file?"},
                                           {"bash", "did you mean run_command?"},
                                           {"str_replace", "did you mean edit_file?"}}) {
    const auto action = decode_action(one.name, "{}");
    REQUIRE_FALSE(action.has_value());
    CHECK(action.error().what == "unknown tool '" + std::string(one.name) + "'");
    CHECK(action.error().hint == one.hint);
  }
  const auto far = decode_action("make_me_a_sandwich_please", "{}");
  REQUIRE_FALSE(far.has_value());
  CHECK(far.error().hint.rfind("tools: read_file, list_files, search, ", 0) == 0);
}

TEST_CASE("names, terminals and definitions cover the vocabulary") {
  const std::vector<std::string> names = {
      "read_file",   "list_files", "search",  "edit_file",   "write_file",    "run_command",
      "ask_advisor", "finish",     "give_up", "submit_plan", "submit_review", "submit_brief"};
  CHECK(action_names() == names);
  std::vector<std::string> terminals;
  for (const auto& name : names) {
    if (is_terminal(name)) terminals.push_back(name);
    const auto def = tool_definition(name);
    CHECK(def.name == name);
    CHECK_FALSE(def.description.empty());
    const auto schema = parse_json(def.schema);
    REQUIRE(schema.has_value());
    CHECK(string_or(*schema, "type") == "object");
  }
  CHECK(terminals == std::vector<std::string>{"finish", "give_up", "submit_plan", "submit_review",
                                              "submit_brief"});
  CHECK(action_name(Action(GiveUp{})) == "give_up");
  CHECK(
      tool_definition("edit_file").schema ==
      R"({"type":"object","properties":{"path":{"type":"string"},"edits":{"type":"array","items":)"
      R"({"type":"object","properties":{"search":{"type":"string","description":"exact text, found once"},)"
      R"("replace":{"type":"string"},"all":{"type":"boolean"},"near_line":{"type":"integer"}},)"
      R"("required":["search","replace"]}}},"required":["path","edits"]})");
}

// Users pay for these on every call.
std::int64_t tokens_of(const std::vector<std::string>& tools) {
  std::int64_t tokens = 0;
  for (const auto& tool : tools) {
    const auto def = tool_definition(tool);
    tokens += estimate_tokens(R"({"name":"","description":"","parameters":})" + def.name +
                              def.description + def.schema);
  }
  return tokens;
}

TEST_CASE("tool definitions stay small") {
  const auto worker = tokens_of({"read_file", "list_files", "search", "edit_file", "write_file",
                                 "run_command", "finish", "give_up"});
  const auto readers = tokens_of({"read_file", "list_files", "search"});
  const auto plan = tokens_of({"submit_plan"});
  const auto review = tokens_of({"submit_review"});
  std::printf(
      "tokens of tool definitions: worker %lld, readers %lld, submit_plan %lld, submit_review "
      "%lld\n",
      static_cast<long long>(worker), static_cast<long long>(readers), static_cast<long long>(plan),
      static_cast<long long>(review));
  CHECK(worker <= 430);
  CHECK(readers <= 160);
  CHECK(plan <= 500);
  CHECK(review <= 250);
}

}  // namespace
}  // namespace mixagent
