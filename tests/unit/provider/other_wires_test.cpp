#include "base/json.h"
#include "provider/gemini.h"
#include "provider/messages.h"
#include "provider/responses.h"

#include <doctest/doctest.h>

// How one neutral conversation goes over the three other wires, and the answers that nobody
// recorded.

namespace mixagent {

namespace {

struct Wire {
  Dialect dialect;
  const WireDialect& wire;
};

Provider provider_for(Dialect dialect) {
  Provider provider;
  provider.name = "p";
  provider.dialect = dialect;
  provider.base_url = "https://models.example/v1";
  return provider;
}

Model model_named(const std::string& id) {
  Model model;
  model.name = "m";
  model.id = id;
  return model;
}

Json body_of(const Wire& wire, const ChatRequest& request, const Model& model) {
  return parse_json(wire.wire.encode(request, model, provider_for(wire.dialect)).body).value();
}

Json json(std::string_view text) {
  return parse_json(text).value();
}

Message said(Role role, std::vector<Part> parts) {
  return {role, std::move(parts), false};
}

// Thoughts, text and two calls, one of which failed.
ChatRequest conversation(Dialect dialect, const std::string& kind, const std::string& value) {
  const Origin own{dialect, "p", "m"};
  const Origin other{dialect, "another", "m"};
  ChatRequest request;
  request.messages = {
      said(Role::system, {TextPart{"rules", {}}}), said(Role::user, {TextPart{"go", {}}}),
      said(Role::assistant,
           {ReasoningPart{"elsewhere", false, {{other, kind, value}}},
            ReasoningPart{"hm", false, {{own, kind, value}}}, TextPart{"I look", {}},
            ToolCallPart{"call_1", "w1", "read", R"({"path":"a"})", {}},
            ToolCallPart{"call_2", "", "list", "{broken", {}}}),
      said(Role::tool, {ToolResultPart{"call_1", "w1", "read", "text", false},
                        ToolResultPart{"call_2", "", "", "no", true}}),
      said(Role::user, {TextPart{"go on", {}}})};
  request.tools = {
      {"read", "reads", R"({"type":"object","properties":{"path":{"type":"string"}}})"},
      {"list", "lists", R"({"type":"object","properties":{}})"}};
  request.max_output = 1'000;
  request.temperature = 0.5;
  return request;
}

Result<ChatReply> read(const Wire& wire, std::string_view body, std::size_t calls_so_far = 0) {
  ReplyContext context;
  context.origin = {wire.dialect, "p", "m"};
  context.calls_so_far = calls_so_far;
  auto decoder = wire.wire.decoder(std::move(context));
  decoder.feed(body);
  return decoder.finish(200, {}, 0);
}

std::string code_of(const Result<ChatReply>& reply) {
  return reply ? "none" : to_string(reply.error().code);
}

std::string events(std::initializer_list<const char*> list) {
  std::string body;
  for (const char* data : list) body += std::string("data: ") + data + "\n\n";
  return body;
}

const Wire anthropic{Dialect::anthropic_messages, messages()};
const Wire openai{Dialect::openai_responses, responses()};
const Wire google{Dialect::gemini, gemini()};

}  // namespace

TEST_CASE("Messages: turns alternate, results come first, own thoughts keep their signature") {
  auto request = conversation(anthropic.dialect, "signature", "\"sig\"");
  CHECK(body_of(anthropic, request, model_named("claude-x")) == json(R"({
    "model": "claude-x", "max_tokens": 1000,
    "system": [{"type": "text", "text": "rules"}],
    "messages": [
      {"role": "user", "content": [{"type": "text", "text": "go"}]},
      {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "hm", "signature": "sig"}, {"type": "text", "text": "I look"},
        {"type": "tool_use", "id": "w1", "name": "read", "input": {"path": "a"}},
        {"type": "tool_use", "id": "call_2", "name": "list", "input": {}}]},
      {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "w1", "content": "text"},
        {"type": "tool_result", "tool_use_id": "call_2", "content": "no", "is_error": true},
        {"type": "text", "text": "go on"}]}],
    "tools": [
      {"name": "read", "description": "reads", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}},
      {"name": "list", "description": "lists", "input_schema": {"type": "object", "properties": {}}}],
    "temperature": 0.5, "stream": true})"));
  const auto wire =
      anthropic.wire.encode(request, model_named("claude-x"), provider_for(anthropic.dialect));
  CHECK(wire.path == "/messages");
  CHECK(wire.headers.back() ==
        std::pair<std::string, std::string>("anthropic-version", "2023-06-01"));
  CHECK(anthropic.wire.key_header("k").first == "x-api-key");
}

TEST_CASE("Messages: thinking is asked for as the model understands it") {
  ChatRequest request;
  request.messages = {said(Role::user, {TextPart{"go", {}}})};
  request.max_output = 20'000;
  request.temperature = 0.5;
  request.reasoning_effort = "medium";
  request.response_schema =
      R"({"type":"object","properties":{"a":{"type":"object","properties":{}}}})";
  const auto with = [&](const char* id) {
    auto model = model_named(id);
    model.reasoning = model.structured_output = true;
    return body_of(anthropic, request, model);
  };
  for (const char* id : {"claude-opus-4-8", "claude-sonnet-4-6-20260101", "claude-fable-5"}) {
    CAPTURE(id);
    CHECK(with(id)["thinking"] == json(R"({"type":"adaptive"})"));
    CHECK(with(id)["output_config"]["effort"] == "medium");
  }
  for (const char* id :
       {"claude-opus-4-1-20250805", "claude-sonnet-4-20250514", "claude-haiku-4-5"}) {
    CAPTURE(id);
    CHECK(with(id)["thinking"] == json(R"({"type":"enabled","budget_tokens":8192})"));
    CHECK_FALSE(with(id).contains("temperature"));
  }
  CHECK(
      with("claude-opus-4-8")["output_config"]["format"]["schema"] ==
      json(
          R"({"type":"object","properties":{"a":{"type":"object","properties":{},"additionalProperties":false}},"additionalProperties":false})"));
  request.max_output = 1'500;
  CHECK_FALSE(with("claude-haiku-4-5").contains("thinking"));
  // Calls that came without thoughts.
  request.max_output = 20'000;
  request.messages.push_back(said(Role::assistant, {ToolCallPart{"call_1", "", "f", "{}", {}}}));
  CHECK_FALSE(with("claude-haiku-4-5").contains("thinking"));
}

TEST_CASE("Messages: at most four cache marks, the first and the last ones") {
  ChatRequest request;
  for (int i = 0; i < 6; ++i) {
    const auto role = i == 0 ? Role::system : i % 2 == 1 ? Role::user : Role::assistant;
    request.messages.push_back({role, {TextPart{"t" + std::to_string(i), {}}}, true});
  }
  const auto body = body_of(anthropic, request, model_named("claude-x"));
  std::vector<bool> marked = {body["system"][0].contains("cache_control")};
  for (const auto& message : body["messages"])
    marked.push_back(message["content"][0].contains("cache_control"));
  CHECK(marked == std::vector<bool>{true, false, false, true, true, true});
}

TEST_CASE("Messages: cut streams and errors in streams") {
  const std::string start = events(
      {R"({"type":"message_start","message":{"id":"x","usage":{"input_tokens":3,"output_tokens":1}}})",
       R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}})"});
  const auto cut = read(anthropic, start);
  CHECK(code_of(cut) == "network");
  CHECK(cut.error().partial_output);
  const auto failed = read(anthropic, start +
                                          "event: error\ndata: "
                                          "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_"
                                          "error\",\"message\":\"Overloaded\"}}\n\n");
  CHECK(code_of(failed) == "overloaded");
  CHECK(failed.error().partial_output);
  const auto good = read(
      anthropic,
      start +
          events(
              {R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9,"input_tokens":0}})",
               R"({"type":"message_stop"})"}),
      2);
  REQUIRE(good);
  CHECK(calls_of(good->parts) == std::vector<ToolCallPart>{{"call_3", "t", "f", "{\"a\":1}", {}}});
  CHECK(good->usage.input == 3);
  CHECK(good->usage.output == 9);
}

TEST_CASE("Responses: items in order, own thoughts verbatim, nothing stored over there") {
  const auto request = conversation(
      openai.dialect, "item",
      R"({"type":"reasoning","id":"rs","encrypted_content":"e","status":"completed","summary":[]})");
  CHECK(body_of(openai, request, model_named("gpt-x")) == json(R"({
    "model": "gpt-x", "instructions": "rules",
    "input": [
      {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]},
      {"type": "reasoning", "id": "rs", "encrypted_content": "e", "summary": []},
      {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look"}]},
      {"type": "function_call", "call_id": "w1", "name": "read", "arguments": "{\"path\":\"a\"}"},
      {"type": "function_call", "call_id": "call_2", "name": "list", "arguments": "{}"},
      {"type": "function_call_output", "call_id": "w1", "output": "text"},
      {"type": "function_call_output", "call_id": "call_2", "output": "no"},
      {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go on"}]}],
    "tools": [
      {"type": "function", "name": "read", "description": "reads", "parameters": {"type": "object", "properties": {"path": {"type": "string"}}}, "strict": false},
      {"type": "function", "name": "list", "description": "lists", "parameters": {"type": "object", "properties": {}}, "strict": false}],
    "max_output_tokens": 1000, "temperature": 0.5, "store": false, "stream": true})"));
}

TEST_CASE("Responses: thoughts that led to nothing, or that cannot be understood, stay away") {
  const Origin own{openai.dialect, "p", "m"};
  ChatRequest request;
  request.reasoning_effort = "low";
  request.temperature = 0.5;
  request.messages = {said(
      Role::assistant,
      {ReasoningPart{"", true, {{own, "item", R"({"type":"reasoning","id":"a","summary":[]})"}}},
       TextPart{"x", {}},
       ReasoningPart{
           "",
           true,
           {{own, "item", R"({"type":"reasoning","id":"b","encrypted_content":"e"})"}}}})};
  auto model = model_named("gpt-x");
  model.reasoning = true;
  const auto body = body_of(openai, request, model);
  CHECK(
      body["input"] ==
      json(
          R"([{"type":"message","role":"assistant","content":[{"type":"output_text","text":"x"}]}])"));
  CHECK(body["reasoning"] == json(R"({"effort":"low"})"));
  CHECK(body["include"] == json(R"(["reasoning.encrypted_content"])"));
  CHECK_FALSE(body.contains("temperature"));
}

TEST_CASE("Responses: items that were announced count when the end lists none; a cut is an error") {
  const std::string start = events(
      {R"({"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c","id":"fc","name":"f","arguments":""}})"});
  CHECK(code_of(read(openai, start)) == "network");
  const auto good = read(
      openai,
      start +
          events(
              {R"({"type":"response.completed","response":{"id":"r","status":"completed","output":[],"usage":{"input_tokens":3,"output_tokens":2}}})"}));
  REQUIRE(good);
  CHECK(calls_of(good->parts) == std::vector<ToolCallPart>{{"call_1", "c", "f", "{}", {}}});
  CHECK(good->stop == StopReason::tool_calls);
  CHECK(
      code_of(read(
          openai,
          start +
              events(
                  {R"({"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"slow"}}})"}))) ==
      "rate_limited");
  CHECK(
      code_of(read(
          openai,
          start + events({R"({"type":"error","code":"insufficient_quota","message":"empty"})"}))) ==
      "quota");
}

TEST_CASE("Gemini: signatures stay with their parts, results carry the name of their tool") {
  const auto request = conversation(google.dialect, "thought_signature", "\"sig\"");
  const auto wire =
      google.wire.encode(request, model_named("gemini-2.5-x"), provider_for(google.dialect));
  CHECK(wire.path == "/models/gemini-2.5-x:streamGenerateContent?alt=sse");
  CHECK(google.wire.key_header("k").first == "x-goog-api-key");
  CHECK(json(wire.body) == json(R"({
    "systemInstruction": {"parts": [{"text": "rules"}]},
    "contents": [
      {"role": "user", "parts": [{"text": "go"}]},
      {"role": "model", "parts": [
        {"text": "hm", "thought": true, "thoughtSignature": "sig"}, {"text": "I look"},
        {"functionCall": {"name": "read", "args": {"path": "a"}, "id": "w1"}},
        {"functionCall": {"name": "list", "args": {}}}]},
      {"role": "user", "parts": [
        {"functionResponse": {"name": "read", "response": {"output": "text"}, "id": "w1"}},
        {"functionResponse": {"name": "list", "response": {"error": "no"}}},
        {"text": "go on"}]}],
    "tools": [{"functionDeclarations": [
      {"name": "read", "description": "reads", "parametersJsonSchema": {"type": "object", "properties": {"path": {"type": "string"}}}},
      {"name": "list", "description": "lists"}]}],
    "generationConfig": {"maxOutputTokens": 1000, "temperature": 0.5}})"));
  const auto third = body_of(google, request, model_named("gemini-3-pro"));
  CHECK(third["contents"][1]["parts"][2]["thoughtSignature"] == "skip_thought_signature_validator");
  CHECK_FALSE(third["contents"][1]["parts"][3].contains("thoughtSignature"));
}

TEST_CASE("Gemini: a signature on empty text is kept and goes back") {
  const auto reply = read(
      google,
      events(
          {R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})",
           R"({"candidates":[{"content":{"parts":[{"text":"b"}]}}]})",
           R"({"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"s"}]},"finishReason":"STOP"}]})"}));
  REQUIRE(reply);
  REQUIRE(reply->parts.size() == 2);
  CHECK(text_of(reply->parts) == "ab");
  ChatRequest request;
  request.messages = {said(Role::assistant, reply->parts)};
  CHECK(body_of(google, request, model_named("gemini-3-pro"))["contents"][0]["parts"] ==
        json(R"([{"text":"ab"},{"text":"","thoughtSignature":"s"}])"));
}

TEST_CASE("Gemini: blocked prompts, broken calls and cut streams") {
  const auto blocked = read(google, R"({"promptFeedback":{"blockReason":"SAFETY"}})");
  REQUIRE(blocked);
  CHECK(blocked->stop == StopReason::content_filter);
  CHECK(code_of(read(google,
                     events({R"({"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]})"}))) ==
        "server");
  CHECK(
      code_of(read(google, events({R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})"}))) ==
      "network");
  const auto pieces = read(
      google,
      events(
          {R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","willContinue":true}}]}}]})",
           R"({"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a[1].b","stringValue":"x"}],"willContinue":true}}]}}]})",
           R"({"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a[1].b","stringValue":"y"},{"jsonPath":"$['c d']","boolValue":true},{"jsonPath":"$.e[99999999]","numberValue":1}],"willContinue":true}}]}}]})",
           R"({"candidates":[{"content":{"parts":[{"functionCall":{}}]},"finishReason":"STOP"}]})"}));
  REQUIRE(pieces);
  CHECK(calls_of(pieces->parts).at(0).arguments.find(R"({"a":[null,{"b":"xy"}],"c d":true)") == 0);
}

}  // namespace mixagent
