#include "base/json.h"
#include "provider/chat_completions.h"

#include <doctest/doctest.h>

// How a neutral conversation goes over the wire of Chat Completions and its cousins. Reading
// recorded answers is tested in tests/replay; here are the cases that nobody recorded.

namespace mixagent {

namespace {

Provider provider_named(const std::string& name) {
  Provider provider;
  provider.name = name;
  provider.base_url = "https://models.example/v1";
  return provider;
}

Model model_named(const std::string& name) {
  Model model;
  model.name = name;
  model.id = name + "-id";
  return model;
}

Json body_of(const ChatRequest& request, const Model& model, const Provider& provider) {
  return parse_json(chat_completions().encode(request, model, provider).body).value();
}

Json body_of(const ChatRequest& request, const std::string& provider = "somebody") {
  return body_of(request, model_named("m"), provider_named(provider));
}

Message said(Role role, std::vector<Part> parts) {
  return {role, std::move(parts), false};
}

Result<ChatReply> read(std::string_view body, int status = 200, std::size_t calls_so_far = 0,
                       const std::string& provider = "somebody") {
  ReplyContext context;
  context.origin = {Dialect::openai_chat, provider, "m"};
  context.calls_so_far = calls_so_far;
  auto decoder = chat_completions().decoder(std::move(context));
  decoder.feed(body);
  return decoder.finish(status, {}, 0);
}

std::string chunk(const std::string& delta, const std::string& finish = "null") {
  return R"(data: {"choices":[{"index":0,"delta":)" + delta + R"(,"finish_reason":)" + finish +
         "}]}\n\n";
}

ToolCallPart call_part(const std::string& id, const std::string& wire_id,
                       const std::string& arguments = "{}") {
  return {id, wire_id, "f", arguments, {}};
}

}  // namespace

TEST_CASE("a request carries messages, tools, limits and asks for usage") {
  ChatRequest request;
  request.messages = {said(Role::system, {TextPart{"be brief", {}}}),
                      said(Role::user, {TextPart{"hello", {}}})};
  request.tools = {{"f", "does f", R"({"type":"object"})"}};
  request.max_output = 100;
  request.temperature = 0.5;
  const auto wire =
      chat_completions().encode(request, model_named("m"), provider_named("somebody"));
  CHECK(wire.path == "/chat/completions");
  CHECK(parse_json(wire.body).value() == parse_json(R"({
    "model": "m-id",
    "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"}],
    "tools": [{"type": "function", "function": {"name": "f", "description": "does f", "parameters": {"type": "object"}}}],
    "stream": true, "stream_options": {"include_usage": true}, "max_tokens": 100, "temperature": 0.5})")
                                             .value());
  CHECK(chat_completions().key_header("k") ==
        std::pair<std::string, std::string>("authorization", "Bearer k"));
}

TEST_CASE("cousins differ by data") {
  ChatRequest request;
  request.messages = {said(Role::user, {TextPart{"hello", {}}})};
  request.max_output = 100;
  request.temperature = 0.5;
  request.reasoning_effort = "high";
  request.cache_key = "k1";
  request.response_schema = R"({"type":"object"})";
  auto model = model_named("m");
  model.reasoning = model.structured_output = true;

  const auto openai = body_of(request, model, provider_named("openai"));
  CHECK(openai["max_completion_tokens"] == 100);
  CHECK_FALSE(openai.contains("max_tokens"));
  CHECK_FALSE(openai.contains("temperature"));
  CHECK(openai["reasoning_effort"] == "high");
  CHECK(openai["prompt_cache_key"] == "k1");
  CHECK(openai["response_format"]["type"] == "json_schema");

  const auto openrouter = body_of(request, model, provider_named("openrouter"));
  CHECK(openrouter["max_tokens"] == 100);
  CHECK(openrouter["temperature"] == 0.5);
  CHECK(openrouter["reasoning"]["effort"] == "high");
  CHECK(openrouter["usage"]["include"] == true);

  const auto mistral = body_of(request, model, provider_named("mistral"));
  CHECK_FALSE(mistral.contains("stream_options"));
  CHECK_FALSE(mistral.contains("reasoning_effort"));

  const auto deepseek = body_of(request, model, provider_named("deepseek"));
  CHECK(deepseek["response_format"] == Json{{"type", "json_object"}});

  auto renamed = provider_named("my own name");
  renamed.base_url = "https://api.openai.com/v1";
  CHECK(body_of(request, model, renamed).contains("max_completion_tokens"));

  const auto xai = chat_completions().encode(request, model, provider_named("xai"));
  CHECK(std::find(xai.headers.begin(), xai.headers.end(),
                  std::pair<std::string, std::string>("x-grok-conv-id", "k1")) !=
        xai.headers.end());
}

TEST_CASE("calls and results refer to each other by the provider's id, or by ours") {
  ChatRequest request;
  request.messages = {said(Role::assistant, {call_part("call_1", "wire_a"), call_part("call_2", ""),
                                             call_part("call_3", "wire_a")}),
                      said(Role::tool, {ToolResultPart{"call_1", "wire_a", "f", "one", false},
                                        ToolResultPart{"call_2", "", "f", "two", false},
                                        ToolResultPart{"call_3", "wire_a", "f", "three", false},
                                        TextPart{"and now", {}}})};
  const auto body = body_of(request);
  const auto& messages = body["messages"];
  REQUIRE(messages.size() == 5);
  CHECK(messages[0]["content"].is_null());
  std::vector<std::string> asked, answered;
  for (const auto& call : messages[0]["tool_calls"]) asked.push_back(call["id"].get<std::string>());
  for (std::size_t i = 1; i < 4; ++i)
    answered.push_back(messages[i]["tool_call_id"].get<std::string>());
  CHECK(asked == std::vector<std::string>{"wire_a", "call_2", "call_3"});
  CHECK(answered == asked);
  CHECK(messages[4] == Json{{"role", "user"}, {"content", "and now"}});

  const auto mistral = body_of(request, "mistral");
  for (const auto& call : mistral["messages"][0]["tool_calls"])
    CHECK(call["id"].get<std::string>().size() == 9);
  CHECK(mistral["messages"][0]["tool_calls"][0]["id"] == mistral["messages"][1]["tool_call_id"]);
}

TEST_CASE("arguments that are no JSON never go back") {
  ChatRequest request;
  request.messages = {said(Role::assistant, {call_part("call_1", "w", "{\"a\": ")})};
  CHECK(body_of(request)["messages"][0]["tool_calls"][0]["function"]["arguments"] == "{}");
}

TEST_CASE("reasoning goes back to its own origin only, in the shape it came in") {
  const Origin deepseek{Dialect::openai_chat, "deepseek", "m"};
  const Origin openrouter{Dialect::openai_chat, "openrouter", "m"};
  const Origin mistral{Dialect::openai_chat, "mistral", "m"};
  const ReasoningPart thoughts{
      "hm",
      false,
      {{deepseek, "reasoning_content", "\"hm\""},
       {openrouter, "reasoning_details", R"([{"type":"reasoning.text","text":"hm"}])"},
       {mistral, "thinking", R"([{"type":"text","text":"hm"}])"}}};
  ChatRequest request;
  request.messages = {
      said(Role::assistant, {thoughts, TextPart{"so", {}}, call_part("call_1", "w")})};
  const auto first = [&](const char* provider) {
    return body_of(request, provider)["messages"][0];
  };
  CHECK(first("deepseek")["reasoning_content"] == "hm");
  CHECK(first("openrouter")["reasoning_details"][0]["text"] == "hm");
  CHECK(first("mistral")["content"][0]["type"] == "thinking");
  CHECK(first("mistral")["content"][1]["text"] == "so");
  const auto other = first("groq");
  CHECK(other["content"] == "so");
  CHECK_FALSE(other.contains("reasoning_content"));
  CHECK_FALSE(other.contains("reasoning_details"));

  request.messages = {said(Role::assistant, {thoughts, TextPart{"so", {}}})};
  CHECK_FALSE(first("deepseek").contains("reasoning_content"));
}

TEST_CASE("at most four cache marks, results of tools among them") {
  ChatRequest request;
  request.messages.push_back({Role::system, {TextPart{"rules", {}}}, true});
  request.messages.push_back({Role::user, {TextPart{"go", {}}}, true});
  for (int i = 1; i <= 4; ++i) {
    const auto id = "call_" + std::to_string(i);
    request.messages.push_back({Role::assistant, {ToolCallPart{id, "", "f", "{}", {}}}, false});
    request.messages.push_back({Role::tool, {ToolResultPart{id, "", "f", "r", false}}, true});
  }
  auto model = model_named("m");
  model.family = "anthropic";
  std::vector<bool> marked;
  const Json body = body_of(request, model, provider_named("openrouter"));
  for (const Json& message : body["messages"]) {
    const Json& content = member(message, "content");
    marked.push_back(content.is_array() && content.back().contains("cache_control"));
  }
  CHECK(marked ==
        std::vector<bool>{true, false, false, false, false, true, false, true, false, true});
}

TEST_CASE("images and cache marks make content a list") {
  ChatRequest request;
  request.messages = {said(Role::user, {TextPart{"look", {}}, ImagePart{"image/png", "QUJD", ""}})};
  CHECK(body_of(request)["messages"][0]["content"][1]["image_url"]["url"] ==
        "data:image/png;base64,QUJD");

  request.messages = {said(Role::system, {TextPart{"rules", {}}})};
  request.messages[0].cache_here = true;
  auto model = model_named("m");
  CHECK(body_of(request, model, provider_named("openrouter"))["messages"][0]["content"] == "rules");
  model.family = "anthropic";
  CHECK(
      body_of(request, model,
              provider_named("openrouter"))["messages"][0]["content"][0]["cache_control"]["type"] ==
      "ephemeral");
}

TEST_CASE("a stream without its end is an error, and its calls are gone") {
  const auto call = chunk(
      R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]})");
  const auto cut = read(chunk(R"({"content":"hel"})") + call);
  REQUIRE_FALSE(cut);
  CHECK(cut.error().code == ErrorCode::network);
  CHECK(cut.error().partial_output);
  CHECK(read(call + chunk("{}", "\"tool_calls\"")));
  CHECK(read(call + "data: [DONE]\n\n"));
  // Cut inside the last event.
  const auto torn = read(call + R"(data: {"choices":[{"index":0,"del)");
  REQUIRE_FALSE(torn);
  CHECK(torn.error().code == ErrorCode::protocol);
}

TEST_CASE("deltas find their call") {
  struct Case {
    const char* name;
    std::vector<std::string> deltas;
    std::vector<std::pair<std::string, std::string>> calls;  // wire id, arguments
  };
  const std::vector<Case> cases = {
      {"by index, out of order",
       {R"([{"index":1,"id":"b","function":{"name":"f","arguments":"{\"n\":"}}])",
        R"([{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}])",
        R"([{"index":1,"function":{"arguments":"2}"}}])"},
       {{"a", "{}"}, {"b", "{\"n\":2}"}}},
      {"empty id and name later",
       {R"([{"index":0,"id":"a","function":{"name":"f","arguments":""}}])",
        R"([{"index":0,"id":"","function":{"name":"","arguments":"{\"n\":"}}])",
        R"([{"index":0,"id":"","function":{"name":"","arguments":"1}"}}])"},
       {{"a", "{\"n\":1}"}}},
      {"id and name in every delta",
       {R"([{"index":0,"id":"a","function":{"name":"f","arguments":"{\"n\":"}}])",
        R"([{"index":0,"id":"a","function":{"name":"f","arguments":"1}"}}])"},
       {{"a", "{\"n\":1}"}}},
      {"no index: two whole calls",
       {R"([{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"f","arguments":"{}"}}])"},
       {{"a", "{}"}, {"b", "{}"}}},
      {"no index: by id, else the last",
       {R"([{"id":"a","function":{"name":"f","arguments":"{\"n\":"}}])",
        R"([{"function":{"arguments":"1"}}])", R"([{"id":"a","function":{"arguments":"}"}}])"},
       {{"a", "{\"n\":1}"}}},
      {"a new id and name under a known index",
       {R"([{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}])",
        R"([{"index":0,"id":"b","function":{"name":"f","arguments":"{}"}}])"},
       {{"a", "{}"}, {"b", "{}"}}},
      {"nothing but the name",
       {R"([{"index":0,"id":"a","function":{"name":"f"}}])"},
       {{"a", "{}"}}},
      {"null arguments",
       {R"([{"index":0,"id":"a","function":{"name":"f","arguments":null}}])"},
       {{"a", "{}"}}},
      {"an object",
       {R"([{"index":0,"id":"a","function":{"name":"f","arguments":{"n":1}}}])"},
       {{"a", "{\"n\":1}"}}},
  };
  for (const auto& test : cases) {
    CAPTURE(test.name);
    std::string body;
    for (const auto& delta : test.deltas) body += chunk(R"({"tool_calls":)" + delta + "}");
    const auto reply = read(body + chunk("{}", "\"stop\"") + "data: [DONE]\n\n", 200, 4);
    REQUIRE(reply);
    CHECK(reply->stop == StopReason::tool_calls);
    std::vector<std::pair<std::string, std::string>> calls;
    std::vector<std::string> ids;
    for (const auto& call : calls_of(reply->parts)) {
      calls.emplace_back(call.wire_id, call.arguments);
      ids.push_back(call.id);
    }
    CHECK(calls == test.calls);
    CHECK(ids.front() == "call_5");  // after the four that the conversation has
  }
}

TEST_CASE("the same wire id in every turn still gives ids of our own") {
  const auto body = chunk(
      R"({"tool_calls":[{"index":0,"id":"call_0","function":{"name":"f","arguments":"{}"}}]})",
      "\"tool_calls\"");
  const auto first = read(body, 200, 0), second = read(body, 200, 1);
  CHECK(calls_of(first->parts)[0].id == "call_1");
  CHECK(calls_of(second->parts)[0].id == "call_2");
  CHECK(calls_of(second->parts)[0].wire_id == "call_0");
}

TEST_CASE("usage may come late, twice, or in the stream's own corner") {
  const auto usage_of = [](const std::string& body, const std::string& provider = "somebody") {
    return read(body, 200, 0, provider)->usage;
  };
  const auto end = chunk("{}", "\"stop\"");
  const std::string late =
      R"(data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}})"
      "\n\n";
  Usage expected;
  expected.input = 9;
  expected.output = 2;
  expected.reported = true;
  CHECK(usage_of(chunk(R"({"content":"a"})") + end + late + "data: [DONE]\n\n") == expected);
  CHECK(usage_of(chunk(R"({"content":"a"})") + end) == Usage{});
  CHECK(usage_of(end + R"(data: {"x_groq":{"usage":{"prompt_tokens":9,"completion_tokens":2}}})"
                       "\n\n") == expected);

  expected.output = 26 + 189;
  expected.reasoning = 189;
  const std::string outside =
      R"(,"completion_tokens":26,"completion_tokens_details":{"reasoning_tokens":189}}})"
      "\n\n";
  CHECK(usage_of(end + R"(data: {"usage":{"prompt_tokens":9,"total_tokens":224)" + outside,
                 "xai") == expected);
  CHECK(usage_of(end + R"(data: {"usage":{"prompt_tokens":9)" + outside, "xai") == expected);

  const std::string priced =
      R"(data: {"usage":{"prompt_tokens":9,"completion_tokens":2,"cost":0.00012}})"
      "\n\n";
  CHECK(usage_of(end + priced, "openrouter").reported_cost == Money{120'000'000});
  CHECK_FALSE(usage_of(end + priced, "somebody").reported_cost);
}

TEST_CASE("errors inside a good status are errors") {
  const auto code = [](const std::string& body) {
    const auto reply = read(body);
    return reply ? std::string("none") : std::string(to_string(reply.error().code));
  };
  CHECK(code(R"({"error":{"code":429,"message":"slow"}})") == "rate_limited");
  CHECK(
      code(
          chunk(R"({"content":"a"})") +
          R"(data: {"error":{"code":502,"message":"gone"},"choices":[{"index":0,"delta":{},"finish_reason":"error"}]})"
          "\n\n") == "server");
  CHECK(code("event: error\ndata: "
             "{\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n") == "overloaded");
  CHECK(code(chunk(R"({"content":"a"})", "\"error\"")) == "server");
  CHECK(code("<html>a page</html>") == "protocol");
  CHECK(code("") == "protocol");
  CHECK(code("   \n\n  ") == "protocol");
  CHECK(code(R"({"choices":[]})") == "protocol");
  CHECK(code(R"({"choices":[{"message":{"content":"cut)") == "protocol");
  CHECK(code("data: {not json}\n\ndata: [DONE]\n\n") == "protocol");
}

TEST_CASE("broken text is repaired, odd words are kept") {
  const auto reply = read(chunk("{\"content\":\"a\xFF z\"}") + chunk("{}", "\"some_new_word\""));
  REQUIRE(reply);
  CHECK(text_of(reply->parts) == "a\xEF\xBF\xBD z");
  CHECK(reply->stop == StopReason::unknown);
  CHECK(reply->raw_stop == "some_new_word");
}

TEST_CASE("a refusal and a filter are no answers") {
  const auto refused =
      read(R"({"choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}]})");
  REQUIRE(refused);
  CHECK(refused->stop == StopReason::content_filter);
  CHECK(std::get<RefusalPart>(refused->parts.at(0)).text == "no");
}

TEST_CASE("streamed reasoning details become the entries they are pieces of") {
  const auto reply = read(
      chunk(
          R"({"reasoning":"a","reasoning_details":[{"type":"reasoning.text","index":0,"text":"a"}]})") +
          chunk(
              R"({"reasoning":"b","reasoning_details":[{"type":"reasoning.text","index":0,"text":"b","signature":"s"}]})") +
          chunk(R"({"reasoning_details":[{"type":"reasoning.encrypted","index":1,"data":"x"}]})") +
          chunk("{}", "\"stop\""),
      200, 0, "openrouter");
  REQUIRE(reply);
  const auto& part = std::get<ReasoningPart>(reply->parts.at(0));
  CHECK(part.text == "ab");
  REQUIRE(part.opaque.size() == 1);
  CHECK(
      parse_json(part.opaque[0].json).value() ==
      parse_json(
          R"([{"type":"reasoning.text","index":0,"text":"ab","signature":"s"},{"type":"reasoning.encrypted","index":1,"data":"x"}])")
          .value());
}

}  // namespace mixagent
