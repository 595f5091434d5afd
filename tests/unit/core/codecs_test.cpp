#include "core/codecs.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

using namespace mixagent;

namespace {

Money usd(const char* text) {
  return parse_usd(text).value();
}

CheckRecord record() {
  CheckRecord check;
  check.command = "pytest -q";
  check.exit_code = 1;
  check.tree = "t1";
  check.ms = 250;
  check.baseline_exit_code = 2;
  check.flaky = true;
  check.unusable = true;
  check.why = "no pytest";
  check.origin = CheckOrigin::detected;
  return check;
}
const std::string record_members =
    R"("command":"pytest -q","exit_code":1,"tree":"t1","ms":250,"baseline_exit_code":2,"flaky":true,"unusable":true,)"
    R"("why":"no pytest","origin":"detected")";

Finding finding() {
  return {"f1", Severity::blocking, "a.py", 42, "wrong", "pytest", "fix it"};
}
const std::string finding_json =
    R"({"id":"f1","severity":"blocking","file":"a.py","line":42,"claim":"wrong","evidence":"pytest","fix":"fix it"})";

Usage usage() {
  Usage used;
  used.input = 100;
  used.output = 20;
  used.cached_input = 60;
  used.cache_write = 30;
  used.reasoning = 5;
  used.reported = true;
  return used;
}
const std::string usage_json =
    R"({"input":100,"output":20,"cached_input":60,"cache_write":30,"reasoning":5,"reported":true})";

Plan plan() {
  Plan made;
  made.decision = Decision::plan;
  made.reason = "two parts";
  made.question = "?";
  made.checks = {{"make test", 60, "tap"}};
  Step step;
  step.id = "s1";
  step.title = "Page";
  step.action = StepAction::test;
  step.seat = "tester";
  step.instructions = "do";
  step.files = {{"r"}, {"w"}, {"c"}};
  step.depends_on = {"s0"};
  step.checks = {{"pytest", 600, ""}};
  step.difficulty = Difficulty::high;
  step.budget_usd = 0.05;
  made.steps = {step};
  return made;
}
const std::string plan_json =
    R"({"decision":"plan","reason":"two parts","question":"?","checks":[{"command":"make test","timeout_s":60,"results":"tap"}],)"
    R"("steps":[{"id":"s1","title":"Page","action":"test","seat":"tester","instructions":"do","files":{"read":["r"],"write":["w"],)"
    R"("create":["c"]},"depends_on":["s0"],"checks":[{"command":"pytest","timeout_s":600,"results":""}],"difficulty":"high",)"
    R"("budget_usd":0.05}]})";

RunResult result() {
  RunResult made;
  made.subtype = "success";
  made.is_error = false;
  made.exit_code = 0;
  made.run_id = "r1";
  made.goal = "g";
  made.decision = "solo";
  made.reason = "why";
  made.verified = Verified::full;
  made.checks = {record()};
  made.steps = {{"s1", "Page", StepStatus::verified, "worker", "m", 2, usd("0.5")}};
  made.findings_open = {finding()};
  made.files_changed = {"a.py"};
  made.commit = "c0ffee";
  made.branch = "b";
  made.delivered = "working tree";
  made.usage = usage();
  made.total_cost = usd("0.27");
  made.cost_by_seat = {{"worker", usd("0.27")}};
  made.cost_by_model = {{"m", usd("0.27")}};
  made.wasted = usd("0.000000000001");
  made.frontier_cost = usd("3");
  made.escalations = 1;
  made.flagged_files = {"Makefile"};
  made.duration_ms = 1500;
  made.model_calls = 7;
  made.resume = "mixagent resume r1";
  made.resets_at = "soon";
  made.error = ResultError{"budget", "cap"};
  return made;
}
const std::string result_json =
    R"({"type":"result","schema":1,"subtype":"success","is_error":false,"exit_code":0,"run_id":"r1","goal":"g","decision":"solo",)"
    R"("reason":"why","verified":"full","checks":[{)" +
    record_members +
    R"(}],"steps":[{"id":"s1","title":"Page","status":"verified","seat":"worker","model":"m","attempts":2,"usd":0.5}],)"
    R"("findings_open":[)" +
    finding_json +
    R"(],"files_changed":["a.py"],"commit":"c0ffee","branch":"b","delivered":"working tree","usage":)" +
    usage_json +
    R"(,"total_cost_usd":0.27,"cost_by_seat":{"worker":0.27},"cost_by_model":{"m":0.27},"wasted_usd":1e-12,)"
    R"("frontier_cost_usd":3.0,"escalations":1,"flagged_files":["Makefile"],"duration_ms":1500,"model_calls":7,)"
    R"("resume":"mixagent resume r1","resets_at":"soon","error":{"kind":"budget","message":"cap"}})";

struct Row {
  Fact fact;
  std::string type, members;
};

// One row a kind, every field with a value of its own. What stands here is the journal's format.
std::vector<Row> every_fact() {
  CheckCompleted check{"s1", "final", record(), "b9"};
  ReviewCompleted review{
      "s1", 2, "m", {ReviewVerdict::revise, 0.5, {finding()}, "again"}, "same family"};
  return {
      {RunStarted{2,
                  "0.1",
                  "g",
                  "/r",
                  "u",
                  "auto",
                  "partial",
                  "full",
                  4,
                  usd("2"),
                  {{"worker", "m, n"}},
                  "b1"},
       "run.started",
       R"("schema":2,"version":"0.1","goal":"g","repository":"/r","user":"u","lane":"auto","require":"partial","isolation":"full","jobs":4,)"
       R"("cap_usd":2.0,"seats":{"worker":"m, n"},"config":"b1")"},
      {RunResumed{17}, "run.resumed", R"("after_seq":17)"},
      {SnapshotTaken{"t0", 3, 400, 5, {"big.bin"}}, "snapshot.taken",
       R"("tree":"t0","files":3,"bytes":400,"ms":5,"left_out":["big.bin"])"},
      {BaselineCompleted{{record()}}, "baseline.completed",
       R"("checks":[{)" + record_members + "}]"},
      {PlanCreated{"plan", "several parts", 2, plan(), {"odd"}}, "plan.created",
       R"("lane":"plan","reason":"several parts","revision":2,"plan":)" + plan_json +
           R"(,"warnings":["odd"])"},
      {PlanRejected{"cycle"}, "plan.rejected", R"("why":"cycle")"},
      {Replanned{"failed", "s1"}, "replanned", R"("why":"failed","step":"s1")"},
      {StepStarted{"s1", "Page", "worker", "t0"}, "step.started",
       R"("step":"s1","title":"Page","seat":"worker","base":"t0")"},
      {AttemptStarted{"s1", 2, 1, "worker", "m"}, "attempt.started",
       R"("step":"s1","attempt":2,"rung":1,"seat":"worker","model":"m","why":"")"},
      {CallStarted{"k", "worker", "m", "p", "s1", 2, "b2", "h", usd("0.01")}, "call.started",
       R"("key":"k","seat":"worker","model":"m","provider":"p","step":"s1","attempt":2,"request":"b2","hash":"h","reserved_usd":0.01)"},
      {CallCompleted{"k",
                     "worker",
                     "m",
                     "p",
                     "s1",
                     2,
                     usage(),
                     usd("0.0421"),
                     900,
                     "stop",
                     "b3",
                     {10, 20, 3}},
       "call.completed",
       R"("key":"k","seat":"worker","model":"m","provider":"p","step":"s1","attempt":2,"usage":)" +
           usage_json +
           R"(,"usd":0.0421,"ms":900,"stop":"stop","reply":"b3","shape":{"text":10,"tools":20,"parts":3})"},
      {CallRetried{"k", "worker", "m", "s1", "malformed", "no JSON", 500, usd("0.001")},
       "call.retried",
       R"("key":"k","seat":"worker","model":"m","step":"s1","kind":"malformed","why":"no JSON","wait_ms":500,"usd":0.001)"},
      {CallFailedOver{"k", "worker", "s1", "m", "n", "overloaded", usd("0.02")}, "call.failed_over",
       R"("key":"k","seat":"worker","step":"s1","from":"m","to":"n","kind":"overloaded","usd":0.02)"},
      {CallFailed{"k", "worker", "m", "s1", "network", "cut", usd("0.01")}, "call.failed",
       R"("key":"k","seat":"worker","model":"m","step":"s1","kind":"network","message":"cut","usd":0.01)"},
      {EffectCompleted{"k", "h", "b4"}, "effect.completed", R"("key":"k","hash":"h","value":"b4")"},
      {ToolCompleted{"s1", "worker", 2, "run_command", false, 12, "pytest"}, "tool.completed",
       R"("step":"s1","seat":"worker","attempt":2,"name":"run_command","ok":false,"ms":12,"about":"pytest")"},
      {EditApplied{"s1", "a.py", "exact"}, "edit.applied",
       R"("step":"s1","path":"a.py","how":"exact")"},
      {EditRejected{"s1", "a.py", "twice", true}, "edit.rejected",
       R"("step":"s1","path":"a.py","why":"twice","missed":true)"},
      {ScopeExtended{"s1", "b.py"}, "scope.extended", R"("step":"s1","path":"b.py")"},
      {GateFailed{"s1", 2, "protect", "golden", false}, "gate.failed",
       R"("step":"s1","attempt":2,"gate":"protect","why":"golden","hard":false)"},
      {check, "check.completed",
       R"("step":"s1","phase":"final",)" + record_members + R"(,"output":"b9")"},
      {AttemptCompleted{"s1", 2, 1, "worker", "m", "accepted", "fine", "t1"}, "attempt.completed",
       R"("step":"s1","attempt":2,"rung":1,"seat":"worker","model":"m","outcome":"accepted","why":"fine","tree":"t1")"},
      {Escalated{"s1", "m", "n", "checks"}, "escalated",
       R"("step":"s1","from":"m","to":"n","why":"checks")"},
      {LadderStopped{"s1", "n", "the ladder ends here"}, "ladder.stopped",
       R"("step":"s1","model":"n","why":"the ladder ends here")"},
      {review, "review.completed",
       R"("step":"s1","round":2,"model":"m","verdict":"revise","score":0.5,"findings":[)" +
           finding_json + R"(],"coaching":"again","note":"same family")"},
      {StepCompleted{"s1", StepStatus::unverified, "t1", "no check", 3, 2}, "step.completed",
       R"("step":"s1","status":"unverified","tree":"t1","why":"no check","attempt":3,"set_back":2)"},
      {StepSkipped{"s2", "s1 failed"}, "step.skipped", R"("step":"s2","why":"s1 failed")"},
      {ChangeIntegrated{"s1", "t2", {"a.py"}}, "change.integrated",
       R"("step":"s1","tree":"t2","conflicts":["a.py"],"resolved":[])"},
      {ChangeApplied{"working tree", "t2", "x", {"a.py"}, {"b.py"}}, "change.applied",
       R"("how":"working tree","tree":"t2","target":"x","files":["a.py"],"conflicts":["b.py"],"commit":"")"},
      {BudgetWarning{80, usd("1.6"), usd("2"), "budget.run_usd"}, "budget.warning",
       R"("percent":80,"spent_usd":1.6,"cap_usd":2.0,"key":"budget.run_usd")"},
      {NoteAdded{"weaker sandbox", "s1"}, "note.added", R"("text":"weaker sandbox","step":"s1")"},
      {RunCompleted{result()}, "run.completed", R"("result":)" + result_json},
      {UnknownFact{"moon.risen", R"({"phase":"full","at":[1,2]})"}, "moon.risen",
       R"("phase":"full","at":[1,2])"},
  };
}

const std::string head = R"({"seq":7,"ts":"2026-11-24T15:12:00.123Z","run_id":"r1","type":")";

Event event_of(Fact fact) {
  return {7, 1'795'533'120'123, {"r1"}, std::move(fact)};
}

}  // namespace

TEST_CASE("every kind of fact is one line with all its fields, and reads back") {
  std::set<std::size_t> kinds;
  for (const auto& row : every_fact()) {
    CAPTURE(row.type);
    kinds.insert(row.fact.index());
    CHECK(type_of(row.fact) == row.type);
    const std::string line = head + row.type + "\"," + row.members + "}";
    CHECK(encode_event(event_of(row.fact)) == line);
    const auto read = decode_event(line);
    REQUIRE(read);
    CHECK(read->seq == 7);
    CHECK(read->at_ms == 1'795'533'120'123);
    CHECK(read->run == RunId{"r1"});
    CHECK(read->fact.index() == row.fact.index());
    CHECK(encode_event(*read) == line);
  }
  CHECK(kinds.size() == std::variant_size_v<Fact>);
}

TEST_CASE("a line holds no line end, whatever the texts hold") {
  const std::string line = encode_event(event_of(NoteAdded{"a\nb\r\u2028\x01", ""}));
  CHECK(line.find('\n') == std::string::npos);
  CHECK(std::get<NoteAdded>(decode_event(line)->fact).text == "a\nb\r\u2028\x01");
}

TEST_CASE("fields that are missing keep their defaults, fields that are new are ignored") {
  const auto read = decode_event(head + R"(step.started","step":"s1","mood":"good"})");
  REQUIRE(read);
  CHECK(encode_event(*read) == encode_event(event_of(StepStarted{"s1", "", "", ""})));
}

TEST_CASE("an unknown fact keeps what it says") {
  const auto read = decode_event(head + R"(moon.risen","phase":"full"})");
  REQUIRE(read);
  const auto& unknown = std::get<UnknownFact>(read->fact);
  CHECK(unknown.name == "moon.risen");
  CHECK(unknown.json == R"({"phase":"full"})");
}

TEST_CASE("what is no event is corrupt") {
  const std::string whole = encode_event(event_of(StepStarted{"s1", "Page", "worker", "t0"}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto torn = decode_event(whole.substr(0, size));
    REQUIRE_FALSE(torn);
    CHECK(torn.error().code == ErrorCode::corrupt);
  }
  for (
      const char* line : {
          "[]",
          "null",
          "{}",
          R"({"ts":"2026-11-24T15:12:00.123Z","run_id":"r","type":"run.resumed"})",
          R"({"seq":0,"ts":"2026-11-24T15:12:00.123Z","run_id":"r","type":"run.resumed"})",
          R"({"seq":1.5,"ts":"2026-11-24T15:12:00.123Z","run_id":"r","type":"run.resumed"})",
          R"({"seq":"1","ts":"2026-11-24T15:12:00.123Z","run_id":"r","type":"run.resumed"})",
          R"({"seq":1,"ts":"yesterday","run_id":"r","type":"run.resumed"})",
          R"({"seq":1,"ts":5,"run_id":"r","type":"run.resumed"})",
          R"({"seq":1,"ts":"2026-11-24T15:12:00.123Z","run_id":"","type":"run.resumed"})",
          R"({"seq":1,"ts":"2026-11-24T15:12:00.123Z","run_id":"r"})",
          R"({"seq":1,"ts":"2026-11-24T15:12:00.123Z","run_id":"r","type":"run.resumed","after_seq":"x"})",
          R"({"seq":1,"ts":"2026-11-24T15:12:00.123Z","run_id":"r","type":"step.completed","status":"odd"})",
      }) {
    CAPTURE(line);
    const auto read = decode_event(line);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::corrupt);
  }
}

TEST_CASE("a fault inside a fact names the type and the place") {
  CHECK(describe(decode_event(head + R"(call.completed","usage":{"input":"many"}})").error()) ==
        "call.completed usage.input: no event: expected a whole number");
}

TEST_CASE("a result and a plan read back as they were") {
  CHECK(encode_result(result()) == result_json);
  CHECK(decode_result(result_json) == result());
  CHECK_FALSE(decode_result("[]"));
  CHECK_FALSE(decode_result("{"));
  std::vector<std::string> warnings;
  CHECK(encode_plan(plan()) == plan_json);
  CHECK(decode_plan(plan_json, warnings) == plan());
  CHECK(warnings.empty());
}

TEST_CASE("a plan may stand in a fence or in prose, and unknown fields are warnings") {
  Plan expected;
  expected.decision = Decision::solo;
  for (const char* text :
       {R"({"decision":"solo"})", "Here you are:\n```json\n{\"decision\": \"solo\"}\n```\n",
        "I say {\"decision\":\"solo\"}."}) {
    CAPTURE(text);
    std::vector<std::string> warnings;
    CHECK(decode_plan(text, warnings) == expected);
    CHECK(warnings.empty());
  }
  std::vector<std::string> warnings = {"before"};
  CHECK(decode_plan(R"({"decision":"solo","mood":1})", warnings) == expected);
  CHECK(warnings == std::vector<std::string>{"before", "unknown field mood"});
}

TEST_CASE("a faulty plan or review names the place") {
  std::vector<std::string> warnings;
  const auto plan_error = [&](const char* text) {
    return describe(decode_plan(text, warnings).error());
  };
  CHECK(
      plan_error(
          R"({"decision":"plan","steps":[{"id":"a","instructions":"x"},{"instructions":"y"}]})") ==
      "steps[1].id: missing");
  CHECK(plan_error(R"({"decision":"maybe"})") ==
        "decision: expected one of plan | solo | no_op | need_input");
  CHECK(
      plan_error(
          R"({"decision":"plan","steps":[{"id":"a","instructions":"x","files":{"write":[1]}}]})") ==
      "steps[0].files.write[0]: expected a string");
  CHECK_FALSE(decode_plan("no plan at all", warnings));
  CHECK_FALSE(decode_plan("", warnings));
  CHECK(describe(decode_review(R"({"verdict":"approve"})").error()) == "score: missing");
  CHECK(decode_review("```json\n{\"verdict\":\"approve\",\"score\":\"0.9\"}\n```") ==
        Review{ReviewVerdict::approve, 0.9, {}, ""});
}

TEST_CASE("times are RFC 3339 in UTC with milliseconds") {
  const struct {
    std::int64_t ms;
    std::string text;
  } cases[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {1'795'533'120'123, "2026-11-24T15:12:00.123Z"},
      {951'782'399'999, "2000-02-28T23:59:59.999Z"},
      {951'782'400'000, "2000-02-29T00:00:00.000Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(format_time(c.ms) == c.text);
    CHECK(parse_time(c.text) == c.ms);
  }
  CHECK(parse_time("2026-11-24T15:12:00Z") == 1'795'533'120'000);
  CHECK(parse_time("2026-11-24T15:12:00.1Z") == 1'795'533'120'100);
  CHECK(parse_time("2026-11-24T15:12:00.123456Z") == 1'795'533'120'123);
  for (const char* text :
       {"", "2026-11-24", "2026-11-24T15:12:00", "2026-11-24T15:12:00+01:00",
        "2026-13-24T15:12:00Z", "2026-02-30T15:12:00Z", "2026-11-24T24:12:00Z",
        "2026-11-24T15:60:00Z", "2026-11-24T15:12:00.Z", "2026-11-24T15:12:00,5Z",
        "2026-11-24T15:12:00.xZ", "2026-11-24 15:12:00Z", "aaaa-11-24T15:12:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text));
  }
}
