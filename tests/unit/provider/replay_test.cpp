#include "provider/replay.h"

#include "base/text.h"
#include "core/codecs.h"
#include "provider/models.h"
#include "support/fake_clock.h"
#include "system/files.h"

#include <doctest/doctest.h>

#include <deque>
#include <filesystem>
#include <unistd.h>

namespace mixagent {

namespace {

class Notes final : public CallObserver {
 public:
  std::vector<RetryNote> retries;
  std::string text;
  Result<void> on_retry(const RetryNote& note) override {
    retries.push_back(note);
    return {};
  }
  void on_delta(std::string_view piece) override { text += piece; }
};

// A folder of its own that goes away with the test.
struct Folder {
  std::string path;
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "mixagent-replay-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

Lineup lineup_of(const std::string& source) {
  Lineup lineup;
  auto& tape = lineup.providers["tape"];
  tape.name = "tape";
  tape.dialect = Dialect::replay;
  tape.base_url = source;
  lineup.providers["web"].name = "web";
  for (const auto& [name, provider] : std::vector<std::pair<std::string, std::string>>{
           {"small", "tape"}, {"large", "tape"}, {"distant", "web"}}) {
    Model model;
    model.name = model.id = name;
    model.provider = provider;
    lineup.models[name] = model;
  }
  return lineup;
}

ChatRequest request_for(const std::string& model, const std::string& seat = "worker") {
  ChatRequest request;
  request.model = model;
  request.max_output = 16'000;
  request.messages = {{Role::user, {TextPart{"add pagination", {}}}, false}};
  request.labels = {"step:s1/attempt:1/call:1", seat, "s1", 1, 1};
  return request;
}

// A model that always says the same, or fails with the errors given first.
class FakeModels final : public ChatModels {
 public:
  std::deque<Error> errors;
  std::vector<ChatRequest> asked;
  Result<ChatReply> ask(const ChatRequest& request, CallObserver&, const Cancel&) override {
    asked.push_back(request);
    if (!errors.empty()) {
      const auto error = errors.front();
      errors.pop_front();
      return fail(error);
    }
    ChatReply reply;
    reply.origin.model = request.model;
    return reply;
  }
};

Error error_of(ErrorCode code) {
  return fail(code, to_string(code)).value();
}

}  // namespace

TEST_CASE("a scenario answers with text, calls and an estimate of the usage") {
  const Folder folder;
  REQUIRE(write_atomically(folder.path + "/story.toml", R"(
[[reply]]
seat = "worker"
text = "I will look."
calls = [{ tool = "read_file", arguments = '{"path":"a.py"}' }]
delay_ms = 30
)"));
  const auto lineup = lineup_of(folder.path + "/story.toml");
  FakeClock clock;
  ReplayModels models(lineup, clock);
  Notes notes;
  auto request = request_for("small");
  request.messages.push_back(
      {Role::assistant, {ToolCallPart{"call_1", "", "list_files", "{}", {}}}, false});
  const auto reply = models.ask(request, notes, {});
  REQUIRE(reply);
  CHECK(text_of(reply->parts) == "I will look.");
  CHECK(calls_of(reply->parts) ==
        std::vector<ToolCallPart>{{"call_2", "", "read_file", "{\"path\":\"a.py\"}", {}}});
  CHECK(reply->stop == StopReason::tool_calls);
  CHECK(reply->origin == Origin{Dialect::replay, "tape", "small"});
  CHECK(reply->usage.reported);
  CHECK(reply->usage.input > 0);
  CHECK(reply->usage.output > 0);
  CHECK(notes.text == "I will look.");
  CHECK(clock.sleeps() == std::vector<std::int64_t>{30});

  const auto missing = models.ask(request, notes, {});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().what.find("step:s1/attempt:1/call:1") != std::string::npos);
}

TEST_CASE("a scenario's passing errors are told and asked again, others end the call") {
  const Folder folder;
  REQUIRE(write_atomically(folder.path + "/story.toml", R"(
[[reply]]
error = "overloaded"
[[reply]]
text = "done"
[[reply]]
error = "auth"
)"));
  const auto lineup = lineup_of(folder.path + "/story.toml");
  FakeClock clock;
  ReplayModels models(lineup, clock);
  Notes notes;
  const auto reply = models.ask(request_for("small"), notes, {});
  REQUIRE(reply);
  CHECK(text_of(reply->parts) == "done");
  REQUIRE(notes.retries.size() == 1);
  CHECK(notes.retries[0].kind == ErrorCode::overloaded);
  const auto failed = models.ask(request_for("small"), notes, {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::auth);
}

TEST_CASE("a recorded run answers by the key of the call") {
  const Folder folder;
  ChatReply recorded;
  recorded.parts = {TextPart{"as it was", {}}};
  recorded.stop = StopReason::stop;
  const auto blob = std::string(64, 'a');
  REQUIRE(make_directories(folder.path + "/blobs/aa"));
  REQUIRE(write_atomically(folder.path + "/blobs/aa/" + blob, encode_reply(recorded)));
  CallCompleted call;
  call.key = "step:s1/attempt:1/call:1";
  call.reply = blob;
  const Event event{1, 0, RunId{"r"}, call};
  REQUIRE(
      write_atomically(folder.path + "/events.jsonl", encode_event(event) + "\n{\"seq\":2,\"ty"));

  const auto lineup = lineup_of(folder.path);
  FakeClock clock;
  ReplayModels models(lineup, clock);
  Notes notes;
  const auto reply = models.ask(request_for("small"), notes, {});
  REQUIRE(reply);
  CHECK(encode_reply(*reply) == encode_reply(recorded));
  // What the recording hid comes back.
  ReplayModels knowing(lineup, clock, [](std::string_view text) {
    return replace_all(std::string(text), "as it was", "a secret");
  });
  const auto restored = knowing.ask(request_for("small"), notes, {});
  REQUIRE(restored);
  CHECK(text_of(restored->parts) == "a secret");
  auto other = request_for("small");
  other.labels.key = "plan/call:1";
  const auto missing = models.ask(other, notes, {});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);
}

TEST_CASE("a source that is not there is named") {
  const auto lineup = lineup_of("/nowhere/story.toml");
  FakeClock clock;
  ReplayModels models(lineup, clock);
  Notes notes;
  const auto reply = models.ask(request_for("small"), notes, {});
  REQUIRE_FALSE(reply);
  CHECK(describe(reply.error()).find("/nowhere/story.toml") != std::string::npos);
}

TEST_CASE("requests go where their model lives") {
  const auto lineup = lineup_of("x");
  FakeModels replay, web;
  FakeClock clock;
  ModelRouter router(lineup, replay, web, clock);
  Notes notes;
  CHECK(router.ask(request_for("small"), notes, {}));
  CHECK(router.ask(request_for("distant"), notes, {}));
  CHECK(replay.asked.size() == 1);
  CHECK(web.asked.size() == 1);
}

TEST_CASE("a model that is down is replaced by the next fallback, and that is told") {
  auto lineup = lineup_of("x");
  lineup.models["distant"].fallback = {"small", "no such model"};
  lineup.models["small"].max_output = 500;
  lineup.seats["worker"].fallback = {"large", "distant"};
  for (const auto code : {ErrorCode::quota, ErrorCode::overloaded, ErrorCode::rate_limited,
                          ErrorCode::server, ErrorCode::network}) {
    FakeModels replay, web;
    web.errors = {error_of(code)};
    replay.errors = {error_of(code)};
    FakeClock clock;
    ModelRouter router(lineup, replay, web, clock);
    Notes notes;
    const auto reply = router.ask(request_for("distant"), notes, {});
    REQUIRE(reply);
    CHECK(reply->origin.model == "large");
    REQUIRE(notes.retries.size() == 2);
    CHECK(notes.retries[0].failed_over_to == "small");
    CHECK(notes.retries[1].failed_over_to == "large");
    CHECK(replay.asked[0].max_output == 500);
  }
}

TEST_CASE("when all fail the first error is told; what no other model can help is not passed on") {
  auto lineup = lineup_of("x");
  lineup.models["distant"].fallback = {"small"};
  FakeModels replay, web;
  web.errors = {error_of(ErrorCode::quota), error_of(ErrorCode::bad_request)};
  replay.errors = {error_of(ErrorCode::auth)};
  FakeClock clock;
  ModelRouter router(lineup, replay, web, clock);
  Notes notes;
  const auto all = router.ask(request_for("distant"), notes, {});
  REQUIRE_FALSE(all);
  CHECK(all.error().code == ErrorCode::quota);
  const auto own = router.ask(request_for("distant"), notes, {});
  REQUIRE_FALSE(own);
  CHECK(own.error().code == ErrorCode::bad_request);
  CHECK(replay.asked.size() == 1);
}

TEST_CASE("what will not come back soon is passed over for a while, and that is told each time") {
  auto lineup = lineup_of("x");
  lineup.models["distant"].fallback = {"small"};
  for (const auto code : {ErrorCode::quota, ErrorCode::auth, ErrorCode::not_found}) {
    FakeModels replay, web;
    web.errors = {error_of(code)};
    FakeClock clock;
    ModelRouter router(lineup, replay, web, clock);
    Notes notes;
    for (int i = 0; i < 3; ++i) CHECK(router.ask(request_for("distant"), notes, {}));
    CHECK(web.asked.size() == 1);
    CHECK(notes.retries.size() == 3);
    CHECK(notes.retries[2].kind == code);
    clock.advance(passed_over_ms);
    CHECK(router.ask(request_for("distant"), notes, {}));
    CHECK(web.asked.size() == 2);
  }
}

TEST_CASE("a refused key is refused for all models of its provider") {
  auto lineup = lineup_of("x");
  lineup.models["small"].fallback = {"large", "distant"};
  FakeModels replay, web;
  replay.errors = {error_of(ErrorCode::auth)};
  FakeClock clock;
  ModelRouter router(lineup, replay, web, clock);
  Notes notes;
  const auto reply = router.ask(request_for("small"), notes, {});
  REQUIRE(reply);
  CHECK(reply->origin.model == "distant");
  CHECK(replay.asked.size() == 1);
  CHECK(notes.retries.size() == 2);
}

TEST_CASE("a prompt that is too long goes to a larger window, a filtered one to one other model") {
  auto lineup = lineup_of("x");
  lineup.models["distant"].fallback = {"small", "large"};
  lineup.models["distant"].window = 1'000;
  struct Case {
    ErrorCode code;
    std::int64_t small, large;  // windows
    const char* answers;        // "" none
  };
  const std::vector<Case> cases = {
      {ErrorCode::context_too_long, 1'000, 2'000, "large"},
      {ErrorCode::context_too_long, 1'001, 2'000, "small"},
      {ErrorCode::context_too_long, 1'000, 1'000, ""},
      {ErrorCode::content_filter, 1'000, 1'000, "small"},
      {ErrorCode::bad_request, 9'000, 9'000, ""},
  };
  for (const auto& test : cases) {
    lineup.models["small"].window = test.small;
    lineup.models["large"].window = test.large;
    FakeModels replay, web;
    web.errors = {error_of(test.code)};
    FakeClock clock;
    ModelRouter router(lineup, replay, web, clock);
    Notes notes;
    const auto reply = router.ask(request_for("distant"), notes, {});
    CHECK((reply ? reply->origin.model : "") == test.answers);
    if (!reply) CHECK(reply.error().code == test.code);
  }
}

}  // namespace mixagent
