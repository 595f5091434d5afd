#include "support/model_server.h"

#include "base/json.h"
#include "base/text.h"

#include <doctest/doctest.h>
#include <httplib.h>

namespace mixagent {

namespace {

constexpr const char* script = R"(
[[reply]]
model = "small"
match = "second"
text = "I saw the second."
[[reply]]
model = "small"
calls = [{ tool = "finish", arguments = { summary = "done" } }]
usage = { input = 1000, output = 100, cached = 400 }
[[reply]]
model = "slow"
fault = { status = 429, headers = { Retry-After = "7" } }
[[reply]]
model = "slow"
fault = { cut = "call" }
calls = [{ tool = "run_command", arguments = "{\"command\":\"rm -rf build\"}" }]
[[reply]]
model = "slow"
fault = { raw = "<html>" }
[[reply]]
model = "never"
text = "unused"
)";

std::vector<Reply> replies() {
  const auto table = parse_toml(script, "script.toml");
  REQUIRE_MESSAGE(table.has_value(), (table ? "" : describe(table.error())));
  std::vector<const TomlTable*> tables;
  for (const TomlValue& reply : *table->at("reply").array()) tables.push_back(reply.table());
  auto read = read_replies(tables);
  REQUIRE_MESSAGE(read.has_value(), (read ? "" : describe(read.error())));
  return *std::move(read);
}

ModelServer::Settings settings() {
  ModelServer::Settings settings;
  settings.script = replies();
  settings.key = "k";
  settings.prices["small"] = {1.0, 10.0, 0.5};
  return settings;
}

std::string body_of(const std::string& model, const std::string& text, bool stream) {
  return dump_json({{"model", model},
                    {"max_tokens", 50},
                    {"stream", stream},
                    {"stream_options", {{"include_usage", true}}},
                    {"messages", Json::array({{{"role", "user"}, {"content", text}}})}});
}

httplib::Result ask(const ModelServer& server, const std::string& body, const char* key = "k") {
  httplib::Client client("127.0.0.1", server.port());
  return client.Post("/v1/chat/completions", {{"Authorization", std::string("Bearer ") + key}},
                     body, "application/json");
}

}  // namespace

TEST_CASE("the first reply that fits is the answer, and it is billed") {
  const ModelServer server(settings());
  const auto first = ask(server, body_of("small", "the first", false));
  REQUIRE(first);
  const auto json = parse_json(first->body);
  REQUIRE(json);
  CHECK(
      dump_json(member(member((*json)["choices"][0], "message"), "tool_calls")) ==
      R"([{"id":"call_1_0","type":"function","function":{"name":"finish","arguments":"{\"summary\":\"done\"}"}}])");
  // 600 fresh, 400 cached, and 50 of the 100 tokens: the request allows no more.
  CHECK(server.spent_usd() == doctest::Approx((600 * 1.0 + 400 * 0.5 + 50 * 10.0) / 1e6));

  const auto second = ask(server, body_of("small", "the second", true));
  REQUIRE(second);
  CHECK(second->body.find("I saw the second.") != std::string::npos);
  CHECK(second->body.rfind("data: [DONE]\n\n") == second->body.size() - 14);
  CHECK(server.requests()[1].messages == std::vector<std::string>{"user: the second"});
  CHECK(server.faults().empty());
  CHECK(server.unused().size() == 4);
}

TEST_CASE("faults happen on the wire") {
  const ModelServer server(settings());
  const auto refused = ask(server, body_of("slow", "x", true), "another key");
  REQUIRE(refused);
  CHECK(refused->status == 401);
  const auto later = ask(server, body_of("slow", "x", true));
  REQUIRE(later);
  CHECK(later->status == 429);
  CHECK(later->get_header_value("Retry-After") == "7");
  const auto cut = ask(server, body_of("slow", "x", true));
  CHECK_FALSE(cut);
  const auto garbage = ask(server, body_of("slow", "x", true));
  REQUIRE(garbage);
  CHECK(garbage->body == "<html>");
  const auto nothing = ask(server, body_of("slow", "x", true));
  REQUIRE(nothing);
  CHECK(nothing->status == 400);
  CHECK(server.faults().size() == 1);
}

TEST_CASE("conversations that a strict provider refuses") {
  const auto fault = [](const std::string& messages) {
    return decode_request(Dialect::openai_chat, "",
                          R"({"model":"m","max_tokens":9,"messages":)" + messages + "}")
        .fault;
  };
  const std::string call =
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]})";
  const std::string user = R"({"role":"user","content":"hello"})";
  const std::string result = R"({"role":"tool","tool_call_id":"a","content":"ok"})";
  CHECK(fault("[" + user + "]") == "");
  CHECK(fault("[" + user + "," + call + "," + result + "]") == "");
  CHECK(fault("[]") == "messages: expected a list");
  CHECK(fault("[" + user + "," + call + "]") == "a tool call has no result: a");
  CHECK(fault("[" + user + "," + call + "," + user + "]") ==
        "messages[2]: a tool call has no result: a");
  CHECK(fault("[" + user + "," + result + "]") == "messages[1]: a result for no open call: 'a'");
  CHECK(fault(R"([{"role":"user","content":" "}])") == "messages[0]: empty content");
  CHECK(fault("[" + user + R"(,{"role":"assistant","content":""}])") ==
        "messages[1]: an assistant message with neither text nor calls");
  CHECK(fault("[" + user + "," + replace_all(call, R"("{}")", R"("{")") + "," + result + "]") ==
        "messages[1]: arguments of a are no JSON object");
  CHECK(decode_request(Dialect::openai_chat, "", R"({"model":"m","messages":[)" + user + "]}")
            .fault == "no maximum output");
}

TEST_CASE("the other dialects are told as one conversation, and what only they refuse is refused") {
  const auto messages = [](const std::string& list) {
    return decode_request(
        Dialect::anthropic_messages, "",
        R"({"model":"m","max_tokens":9,"stream":true,"system":[{"type":"text","text":"rules"}],"messages":)" +
            list + "}");
  };
  const std::string user = R"({"role":"user","content":[{"type":"text","text":"hello"}]})";
  const std::string call =
      R"({"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"n":1}}]})";
  const std::string result =
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"ok"},{"type":"text","text":"go on"}]})";
  const std::vector<std::string> told = {"system: rules", "user: hello",
                                         "assistant: \n  call f {\"n\":1}", "tool a: ok",
                                         "user: go on"};
  CHECK(messages("[" + user + "," + call + "," + result + "]").messages == told);
  CHECK(messages("[" + user + "," + call + "," + result + "]").fault == "");
  CHECK(messages("[" + user + "," + user + "]").fault == "two messages of role 'user' in a row");
  CHECK(messages("[" + user +
                 R"(,{"role":"assistant","content":[{"type":"thinking","thinking":"x"}]}])")
            .fault == "thinking without its signature");

  const auto responses = [](const std::string& list) {
    return decode_request(
        Dialect::openai_responses, "",
        R"({"model":"m","max_output_tokens":9,"stream":true,"store":false,"instructions":"rules","input":)" +
            list + "}");
  };
  const std::string items =
      R"([{"role":"user","content":[{"type":"input_text","text":"hello"}]},{"type":"reasoning","encrypted_content":"e"},{"type":"function_call","call_id":"a","name":"f","arguments":"{\"n\":1}"},{"type":"function_call_output","call_id":"a","output":"ok"},{"role":"user","content":[{"type":"input_text","text":"go on"}]}])";
  CHECK(responses(items).messages == told);
  CHECK(responses(items).fault == "");
  CHECK(responses(replace_all(items, R"(,"encrypted_content":"e")", "")).fault ==
        "a reasoning item without encrypted_content, and nothing is stored");
  CHECK(responses(R"([{"role":"user","content":"x"},{"type":"reasoning","encrypted_content":"e"}])")
            .fault == "a reasoning item was provided without its required following item");

  const auto gemini = [](const std::string& list) {
    return decode_request(
        Dialect::gemini, "m",
        R"({"generationConfig":{"maxOutputTokens":9},"systemInstruction":{"parts":[{"text":"rules"}]},"contents":)" +
            list + "}");
  };
  const std::string contents =
      R"([{"role":"user","parts":[{"text":"hello"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"n":1}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"ok"}}},{"text":"go on"}]}])";
  auto by_order = told;
  by_order[3] = "tool call_1: ok";
  CHECK(gemini(contents).messages == by_order);
  CHECK(gemini(contents).fault == "");
  CHECK(gemini(replace_all(contents, R"("functionResponse":{"name":"f")",
                           R"("functionResponse":{"name":"g")"))
            .fault == "a functionResponse that answers no functionCall: g");
}

}  // namespace mixagent
