#include "provider/client.h"

#include "provider/dialect.h"
#include "support/fake_clock.h"

#include <doctest/doctest.h>

#include <deque>

namespace mixagent {

namespace {

struct Answer {
  int status = 200;
  HeaderList headers;
  std::string body;
  std::optional<Error> error;  // the connection's, after the body
};

// Answers in the order given; remembers what was asked. One thread.
class FakeHttp final : public Http {
 public:
  std::deque<Answer> answers;
  std::vector<HttpRequest> requests;

  Result<HttpReply> send(const HttpRequest& request,
                         const std::function<bool(std::string_view)>& on_chunk,
                         const Cancel&) override {
    requests.push_back(request);
    REQUIRE_FALSE(answers.empty());
    const auto answer = answers.front();
    answers.pop_front();
    HttpReply reply{answer.status, answer.headers, {}};
    if (request.on_head) request.on_head(reply);
    if (answer.status == 200) {
      on_chunk(answer.body);
    } else {
      reply.body = answer.body;
    }
    if (answer.error) return fail(*answer.error);
    return reply;
  }
};

class Notes final : public CallObserver {
 public:
  std::vector<RetryNote> retries;
  std::string text;
  int refuse_after = 1'000;

  Result<void> on_retry(const RetryNote& note) override {
    retries.push_back(note);
    if (static_cast<int>(retries.size()) > refuse_after) return fail(ErrorCode::budget, "no money");
    return {};
  }
  void on_delta(std::string_view piece) override { text += piece; }
};

const char* good_body =
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"},\"finish_reason\":\"stop\"}]}"
    "\n\ndata: [DONE]\n\n";

Error network_error(bool partial) {
  Error error = fail(ErrorCode::network, "connection reset").value();
  error.partial_output = partial;
  return error;
}

// A client of one provider with everything faked.
struct Bench {
  Lineup lineup;
  FakeHttp http;
  FakeClock clock;
  FakeRandom random;
  Notes notes;
  std::string key = "sk-secret-1234";
  std::unique_ptr<Client> client;

  Bench() {
    Provider provider;
    provider.name = "p";
    provider.base_url = "https://models.example/v1/";
    provider.api_key_env = "P_API_KEY";
    lineup.providers["p"] = provider;
    Model model;
    model.name = model.id = "m";
    model.provider = "p";
    lineup.models["m"] = model;
  }

  Result<ChatReply> ask(const Cancel& cancel = {}) {
    if (!client) {
      client = std::make_unique<Client>(
          lineup, [this](const Provider&) -> Result<std::string> { return key; }, http, clock,
          random);
    }
    ChatRequest request;
    request.model = "m";
    request.messages = {{Role::user, {TextPart{"hi", {}}}, false}};
    request.max_output = 100;
    request.temperature = 0.5;
    return client->ask(request, notes, cancel);
  }
};

Answer good() {
  return {200, {}, good_body, {}};
}
Answer refused(int status, std::string body = "{}", HeaderList headers = {}) {
  return {status, std::move(headers), std::move(body), {}};
}

}  // namespace

TEST_CASE("a call goes to the provider's address with its key and comes back as a reply") {
  Bench bench;
  bench.http.answers = {good()};
  const auto reply = bench.ask();
  REQUIRE(reply);
  CHECK(text_of(reply->parts) == "hello");
  CHECK(reply->origin == Origin{Dialect::openai_chat, "p", "m"});
  CHECK(bench.notes.text == "hello");
  REQUIRE(bench.http.requests.size() == 1);
  CHECK(bench.http.requests[0].url == "https://models.example/v1/chat/completions");
  CHECK(bench.http.requests[0].headers.back() ==
        std::pair<std::string, std::string>("authorization", "Bearer sk-secret-1234"));
  CHECK(bench.http.requests[0].stall_timeout == std::chrono::seconds(60));
}

TEST_CASE("what passes by itself is asked again, and each wait is told before") {
  Bench bench;
  bench.http.answers = {
      refused(500),
      refused(429, "{}", {{"retry-after", "7"}}),
      {200, {}, "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n", network_error(true)},
      good()};
  REQUIRE(bench.ask());
  REQUIRE(bench.notes.retries.size() == 3);
  CHECK(bench.notes.retries[0].kind == ErrorCode::server);
  CHECK(bench.notes.retries[1].kind == ErrorCode::rate_limited);
  CHECK(bench.notes.retries[1].wait_ms == 7'000);
  CHECK(bench.notes.retries[2].kind == ErrorCode::network);
  CHECK(bench.notes.retries[2].partial_output);
  std::int64_t slept = 0, told = 0;
  for (const auto ms : bench.clock.sleeps()) slept += ms;
  for (const auto& note : bench.notes.retries) told += note.wait_ms;
  CHECK(slept == told);
}

TEST_CASE("five tries, then the last error") {
  Bench bench;
  for (int i = 0; i < 5; ++i) bench.http.answers.push_back(refused(503));
  const auto reply = bench.ask();
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::overloaded);
  CHECK(reply.error().http_status == 503);
  CHECK(bench.http.requests.size() == 5);
  CHECK(bench.notes.retries.size() == 4);
}

TEST_CASE("what does not pass by itself is asked once") {
  struct Case {
    Answer answer;
    ErrorCode code;
  };
  const std::vector<Case> cases = {
      {refused(400, R"({"error":{"message":"bad"}})"), ErrorCode::bad_request},
      {refused(401), ErrorCode::auth},
      {refused(402), ErrorCode::quota},
      {refused(404), ErrorCode::not_found},
      {refused(413), ErrorCode::context_too_long},
      {refused(500, "{}", {{"x-should-retry", "false"}}), ErrorCode::server},
  };
  for (const auto& test : cases) {
    Bench bench;
    bench.http.answers = {test.answer};
    const auto reply = bench.ask();
    REQUIRE_FALSE(reply);
    CHECK(std::string(to_string(reply.error().code)) == to_string(test.code));
    CHECK(bench.http.requests.size() == 1);
    CHECK(bench.notes.retries.empty());
  }
}

TEST_CASE("a wait beyond two minutes is a quota with a known end") {
  Bench bench;
  bench.http.answers = {refused(429, "{}", {{"retry-after", "3600"}})};
  const auto reply = bench.ask();
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::quota);
  CHECK_FALSE(reply.error().resets_at.empty());
}

TEST_CASE("a refused key names its variable and is never shown") {
  Bench bench;
  bench.http.answers = {
      refused(401, R"({"error":{"message":"Incorrect API key provided: sk-secret-1234"}})")};
  const auto reply = bench.ask();
  REQUIRE_FALSE(reply);
  const auto shown = describe(reply.error());
  CHECK(shown.find("P_API_KEY") != std::string::npos);
  CHECK(shown.find("sk-secret-1234") == std::string::npos);
}

TEST_CASE("the observer may end the call") {
  Bench bench;
  bench.notes.refuse_after = 0;
  bench.http.answers = {refused(500), good()};
  const auto reply = bench.ask();
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::budget);
  CHECK(bench.http.requests.size() == 1);
}

TEST_CASE("a reply that was whole when the connection broke is good") {
  Bench bench;
  bench.http.answers = {{200, {}, good_body, network_error(true)}};
  const auto reply = bench.ask();
  REQUIRE(reply);
  CHECK(text_of(reply->parts) == "hello");
  CHECK(bench.notes.retries.empty());
}

TEST_CASE("an empty reply is a reply: what to do about it is decided elsewhere") {
  Bench bench;
  bench.http.answers = {
      {200,
       {},
       "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
       {}}};
  const auto reply = bench.ask();
  REQUIRE(reply);
  CHECK(reply->parts.empty());
}

TEST_CASE("eight failures in a row open the breaker; later one try is let through") {
  Bench bench;
  for (int i = 0; i < 8; ++i) bench.http.answers.push_back(refused(500));
  CHECK_FALSE(bench.ask());
  const auto second = bench.ask();
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::overloaded);
  CHECK(bench.http.requests.size() == 8);
  CHECK_FALSE(bench.ask());
  CHECK(bench.http.requests.size() == 8);
  bench.clock.advance(open_for_ms);
  bench.http.answers = {good(), good()};
  CHECK(bench.ask());
  CHECK(bench.ask());
}

TEST_CASE("plain http needs this machine or a word of the user") {
  struct Case {
    const char* url;
    bool allow;
    bool good;
  };
  const std::vector<Case> cases = {
      {"http://models.example/v1", false, false},
      {"http://models.example/v1", true, true},
      {"http://localhost:8080/v1", false, true},
      {"http://127.0.0.1:1/v1", false, true},
      {"http://[::1]:8080/v1", false, true},
      {"http://localhost.evil.example/v1", false, false},
      {"http://127.0.0.1.evil.example", false, false},
      {"http://localhost@evil.example/v1", false, false},
      {"", false, false},
      {"ftp://localhost/", false, false},
  };
  for (const auto& test : cases) {
    CAPTURE(test.url);
    Bench bench;
    bench.lineup.providers["p"].base_url = test.url;
    bench.lineup.providers["p"].allow_http = test.allow;
    bench.http.answers = {good()};
    const auto reply = bench.ask();
    CHECK(reply.has_value() == test.good);
    if (!reply) CHECK(reply.error().code == ErrorCode::config);
  }
}

TEST_CASE("a server without a key gets no key header") {
  Bench bench;
  bench.key.clear();
  bench.http.answers = {good()};
  REQUIRE(bench.ask());
  for (const auto& [name, value] : bench.http.requests[0].headers) CHECK(name != "authorization");
}

TEST_CASE("a stopped run is not asked again") {
  Bench bench;
  std::stop_source stop;
  stop.request_stop();
  bench.http.answers = {refused(500)};
  const auto reply = bench.ask({stop.get_token(), {}});
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::cancelled);
}

TEST_CASE("a parameter that a server refuses by name is left out from then on") {
  struct Case {
    const char* message;
    const char* gone;
    const char* instead;
  };
  const std::vector<Case> cases = {
      {"Unrecognized request argument supplied: stream_options", "stream_options", ""},
      {"Unsupported parameter: 'max_tokens' is not supported with this model. Use "
       "'max_completion_tokens' instead.",
       "max_tokens", "max_completion_tokens"},
      {"Unsupported value: 'temperature' does not support 0.5 with this model. Only the default "
       "(1) value is supported.",
       "temperature", ""},
  };
  for (const auto& test : cases) {
    CAPTURE(test.gone);
    Bench bench;
    bench.http.answers = {
        refused(400, R"({"error":{"message":")" + std::string(test.message) + R"("}})"), good(),
        good()};
    REQUIRE(bench.ask());
    REQUIRE(bench.ask());
    REQUIRE(bench.http.requests.size() == 3);
    const std::string quoted = '"' + std::string(test.gone) + '"';
    CHECK(bench.http.requests[0].body.find(quoted) != std::string::npos);
    for (const int later : {1, 2}) {
      CHECK(bench.http.requests[static_cast<std::size_t>(later)].body.find(quoted) ==
            std::string::npos);
      CHECK(bench.http.requests[static_cast<std::size_t>(later)].body.find(test.instead) !=
            std::string::npos);
    }
    REQUIRE(bench.notes.retries.size() == 1);
    CHECK(bench.notes.retries[0].wait_ms == 0);
  }
}

TEST_CASE("both names of one limit refused: the server's word stands") {
  Bench bench;
  bench.http.answers = {
      refused(400, R"({"error":{"message":"max_tokens is not supported"}})"),
      refused(400, R"({"error":{"message":"max_completion_tokens is not supported"}})")};
  const auto reply = bench.ask();
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == ErrorCode::bad_request);
  CHECK(bench.http.requests.size() == 2);
}

TEST_CASE("what the request needs is never left out") {
  Bench bench;
  bench.http.answers = {
      refused(400, R"({"error":{"message":"model is not supported, messages are not allowed"}})")};
  CHECK_FALSE(bench.ask());
  CHECK(bench.http.requests.size() == 1);
}

TEST_CASE("a minute that is used up is waited for before the next call") {
  Bench bench;
  auto answer = good();
  answer.headers = {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "6s"}};
  bench.http.answers = {answer, good()};
  REQUIRE(bench.ask());
  CHECK(bench.clock.sleeps().empty());
  REQUIRE(bench.ask());
  CHECK(bench.clock.sleeps() == std::vector<std::int64_t>{6'000});
}

}  // namespace mixagent
