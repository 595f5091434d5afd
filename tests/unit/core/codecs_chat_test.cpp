#include "core/codecs.h"

#include <doctest/doctest.h>

#include <string>

using namespace mixagent;

namespace {

Opaque opaque(const std::string& kind) {
  return {{Dialect::anthropic_messages, "anthropic", "claude"}, kind, "{\"verbatim\" :  1}"};
}

std::vector<Part> every_part() {
  return {TextPart{"text \"quoted\" ä\n", {opaque("signature")}},
          ReasoningPart{"thinking", true, {opaque("encrypted"), opaque("signature")}},
          ImagePart{"image/png", "aGk=", ""},
          ToolCallPart{
              "c1", "toolu_1", "read_file", "{\"path\": \"a\"}", {opaque("thought_signature")}},
          ToolResultPart{"c1", "toolu_1", "read_file", "1: text", true},
          RefusalPart{"no"},
          RawPart{opaque("item")}};
}

ChatRequest full_request() {
  ChatRequest request;
  request.model = "m";
  request.messages = {{Role::system, {TextPart{"be brief", {}}}, true},
                      {Role::user, {TextPart{"go", {}}}, false},
                      {Role::assistant, every_part(), false},
                      {Role::tool, {ToolResultPart{"c1", "", "run", "ok", false}}, true}};
  request.tools = {{"read_file", "Read", "{\"type\":\"object\"}"}};
  request.max_output = 16'000;
  request.temperature = 0.25;
  request.reasoning_effort = "low";
  request.response_schema = "{}";
  request.cache_key = "run/worker";
  request.labels = {"", "worker", "s1", 2, 3};
  return request;
}

ChatReply full_reply() {
  ChatReply reply;
  reply.parts = every_part();
  reply.stop = StopReason::tool_calls;
  reply.raw_stop = "tool_use";
  reply.usage = {100, 20, 60, 30, 5, true, Money{123'456'789}};
  reply.origin = {Dialect::gemini, "google", "gemini"};
  reply.served_model = "gemini-3-flash-001";
  reply.response_id = "r1";
  return reply;
}

}  // namespace

TEST_CASE("a request reads back as it was, but for its key") {
  CHECK(decode_request(encode_request(full_request())) == full_request());
  CHECK(decode_request(encode_request(ChatRequest{})) == ChatRequest{});
  ChatRequest keyed = full_request();
  keyed.labels.key = "step:s1/attempt:2/call:3";
  CHECK(encode_request(keyed) == encode_request(full_request()));
}

TEST_CASE("every member of a request counts for its hash") {
  const std::string same = encode_request(full_request());
  const auto differs = [&](auto change) {
    ChatRequest request = full_request();
    change(request);
    return encode_request(request) != same;
  };
  CHECK(differs([](ChatRequest& r) { r.model = "n"; }));
  CHECK(differs([](ChatRequest& r) { r.messages.pop_back(); }));
  CHECK(differs([](ChatRequest& r) { r.messages[0].cache_here = false; }));
  CHECK(differs([](ChatRequest& r) { r.tools[0].schema = "{}"; }));
  CHECK(differs([](ChatRequest& r) { r.max_output = 1; }));
  CHECK(differs([](ChatRequest& r) { r.temperature.reset(); }));
  CHECK(differs([](ChatRequest& r) { r.labels.call = 4; }));
}

TEST_CASE("a reply reads back as it was") {
  CHECK(decode_reply(encode_reply(full_reply())) == full_reply());
  CHECK(decode_reply(encode_reply(ChatReply{})) == ChatReply{});
}

TEST_CASE("a hand-written reply may leave out what it does not need") {
  ChatReply expected;
  expected.parts = {TextPart{"hello", {}}};
  expected.stop = StopReason::stop;
  CHECK(decode_reply(R"({"parts":[{"part":"text","text":"hello"}],"stop":"stop"})") == expected);
}

TEST_CASE("the neutral format of a message") {
  ChatRequest request;
  request.model = "m";
  request.messages = {{Role::user, {TextPart{"go", {}}}, false}};
  CHECK(
      encode_request(request) ==
      R"({"model":"m","messages":[{"role":"user","parts":[{"part":"text","text":"go"}]}],"tools":[],"max_output":0,)"
      R"("reasoning_effort":"","response_schema":"","cache_key":"","seat":"","step":"","attempt":0,"call":0})");
}

TEST_CASE("a fault in a conversation names its place") {
  const struct {
    std::string text, error;
  } cases[] = {
      {"[]", "request: expected an object"},
      {R"({"messages":{}})", "request.messages: expected an array"},
      {R"({"messages":[{"role":"boss"}]})",
       "request.messages[0].role: expected one of system | user | assistant | tool"},
      {R"({"messages":[{"parts":[{"part":"text"},{"part":"song"}]}]})",
       "request.messages[0].parts[1]: expected a part of a message"},
      {R"({"messages":[{"parts":[{"part":"tool_call","name":5}]}]})",
       "request.messages[0].parts[0].name: expected a string"},
      {R"({"messages":[{"parts":[{"part":"raw"}]}]})",
       "request.messages[0].parts[0]: expected a part of a message"},
      {R"({"messages":[{"parts":[{"part":"text","opaque":[{"dialect":"x"}]}]}]})",
       "request.messages[0].parts[0].opaque[0].dialect: expected one of openai-chat | "
       "openai-responses | "
       "anthropic-messages | gemini | replay"},
      {R"({"temperature":"warm"})", "request.temperature: expected a number"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto request = decode_request(c.text);
    REQUIRE_FALSE(request);
    CHECK(describe(request.error()) == c.error);
  }
  CHECK_FALSE(decode_reply("{"));
  CHECK(describe(decode_reply(R"({"usage":[]})").error()) == "reply.usage: expected an object");
  CHECK(describe(decode_reply(R"({"usage":{"reported_usd":"x"}})").error()) ==
        "reply.usage.reported_usd: expected a number of USD");
}
