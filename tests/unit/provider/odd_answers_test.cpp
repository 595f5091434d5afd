#include "base/json.h"
#include "base/text.h"
#include "provider/dialect.h"

#include <doctest/doctest.h>

// Answers as strange as servers and proxies make them, in each dialect: read like the plain one,
// wherever they are cut; what cannot be read is an error, never a call that is carried out.

namespace mixagent {

namespace {

using Lines = std::vector<std::string>;

struct Sample {
  Dialect dialect;
  Lines events;  // JSON texts: a text "héllo" and a call f{"n":1}
  std::string unknown_event, unknown_block;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> list = {
      {Dialect::openai_chat,
       {R"({"choices":[{"index":0,"delta":{"content":"héllo"}}]})",
        R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"n\""}}]}}]})",
        R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]})",
        R"({"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})"},
       R"({"object":"something.new","news":[]})",
       R"({"choices":[{"index":0,"delta":{"content":[{"type":"hologram","x":1}]}}]})"},
      {Dialect::anthropic_messages,
       {R"({"type":"message_start","message":{"id":"m","content":[]}})",
        R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
        R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"héllo"}})",
        R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}})",
        R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"n\""}})",
        R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":":1}"}})",
        R"({"type":"message_delta","delta":{"stop_reason":"tool_use"}})",
        R"({"type":"message_stop"})"},
       R"({"type":"something_new","index":0})",
       R"({"type":"content_block_start","index":9,"content_block":{"type":"hologram","x":1}})"},
      {Dialect::openai_responses,
       {R"({"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"héllo"}]}})",
        R"({"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"a","name":"f","arguments":""}})",
        R"({"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\"n\""})",
        R"({"type":"response.function_call_arguments.delta","output_index":1,"delta":":1}"})",
        R"({"type":"response.completed","response":{"status":"completed","output":[]}})"},
       R"({"type":"response.something.new"})",
       R"({"type":"response.output_item.done","output_index":9,"item":{"type":"hologram","x":1}})"},
      {Dialect::gemini,
       {R"({"candidates":[{"content":{"parts":[{"text":"héllo"}]}}]})",
        R"({"candidates":[{"content":{"parts":[{"functionCall":{"id":"a","name":"f","args":{"n":1}}}]}}]})",
        R"({"candidates":[{"content":{},"finishReason":"STOP"}]})"},
       R"({"somethingNew":{}})",
       R"({"candidates":[{"content":{"parts":[{"hologram":{"x":1}}]}}]})"}};
  return list;
}

std::string framed(const Lines& events, const std::string& end = "\n") {
  std::string body;
  for (const auto& event : events) body += "data: " + event + end + end;
  return body;
}

Result<ChatReply> read(Dialect dialect, std::string_view body, std::size_t piece) {
  ReplyContext context;
  context.origin = {dialect, "p", "m"};
  auto decoder = dialect_of(dialect)->decoder(std::move(context));
  for (std::size_t at = 0; at < body.size(); at += piece) decoder.feed(body.substr(at, piece));
  return decoder.finish(200, {}, 0);
}

// "héllo | f{"n":1} as a | 1 raw"; an error by its code.
std::string told(const Result<ChatReply>& reply) {
  if (!reply) return to_string(reply.error().code);
  std::string text = text_of(reply->parts);
  int raw = 0;
  for (const auto& call : calls_of(reply->parts))
    text += " | " + call.name + call.arguments + " as " + call.wire_id;
  for (const auto& part : reply->parts) raw += std::holds_alternative<RawPart>(part) ? 1 : 0;
  return raw > 0 ? text + " | " + std::to_string(raw) + " raw" : text;
}

Lines with(const Sample& sample, const std::string& event) {
  Lines events = sample.events;
  events.insert(events.begin() + 1, event);
  return events;
}

}  // namespace

TEST_CASE("odd framing changes nothing") {
  const std::string plain = "h\xC3\xA9llo | f{\"n\":1} as a";
  for (const auto& sample : samples()) {
    CAPTURE(enum_name(sample.dialect));
    const auto body = framed(sample.events);
    const std::vector<std::pair<const char*, std::string>> cases = {
        {"plain", body},
        {"CR LF", framed(sample.events, "\r\n")},
        {"CR", framed(sample.events, "\r")},
        {"byte order mark", "\xEF\xBB\xBF" + body},
        {"blank lines first", "\n\n\n" + body},
        {"several data lines", replace_all(body, "data: {\"", "data: {\ndata: \"")},
        {"comments, ids, retries", replace_all(body, "data:", ": hi\nid: 1\nretry: 9\ndata:")},
        {"no last blank line", body.substr(0, body.size() - 2)},
        {"an end marker", body + "data: [DONE]\n\n"},
        {"an unknown event", framed(with(sample, sample.unknown_event))},
        {"padding", replace_all(body, "\n\n", "    \n\n")}};
    for (const auto& [name, bytes] : cases) {
      CAPTURE(name);
      for (const std::size_t piece : {1u, 3u, 10'000u}) {
        CAPTURE(piece);
        CHECK(told(read(sample.dialect, bytes, piece)) == plain);
      }
    }
  }
}

TEST_CASE("what is unknown is kept, what is broken is repaired or refused") {
  for (const auto& sample : samples()) {
    CAPTURE(enum_name(sample.dialect));
    const auto body = framed(sample.events);
    const bool keeps = sample.dialect != Dialect::openai_chat;  // it has no blocks to send back
    CHECK(told(read(sample.dialect, framed(with(sample, sample.unknown_block)), 7)) ==
          std::string("h\xC3\xA9llo | f{\"n\":1} as a") + (keeps ? " | 1 raw" : ""));
    CHECK(told(read(sample.dialect, replace_all(body, "\xC3\xA9", "\xC3"), 1)) ==
          "h\xEF\xBF\xBDllo | f{\"n\":1} as a");
    CHECK(
        told(read(sample.dialect, replace_all(body, "\xC3\xA9", "\xED\xA0\x80"), 1)).find("llo") !=
        std::string::npos);
    CHECK(told(read(sample.dialect, body + "data: {broken\n\n", 5)) == "protocol");
    // Cut anywhere before its end, it is an error.
    const auto without_end = framed(Lines(sample.events.begin(), sample.events.begin() + 2));
    for (std::size_t cut = 0; cut < without_end.size(); ++cut) {
      CAPTURE(cut);
      const auto reply = read(sample.dialect, without_end.substr(0, cut), 1'000);
      CHECK_FALSE(reply.has_value());
    }
  }
}

TEST_CASE("no choices, no content: an answer without anything is no failure of ours") {
  CHECK(told(read(Dialect::openai_chat, framed({R"({"choices":[]})"}), 9)) == "network");
  CHECK(told(read(Dialect::openai_chat,
                  framed({R"({"choices":[],"usage":{"prompt_tokens":1}})",
                          R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"}),
                  9)) == "");
  CHECK(told(read(Dialect::openai_chat, R"({"choices":[{"message":null,"finish_reason":null}]})",
                  9)) == "protocol");
  CHECK(told(read(Dialect::anthropic_messages, R"({"content":[],"stop_reason":"end_turn"})", 9)) ==
        "");
  CHECK(told(read(Dialect::openai_responses, R"({"status":"completed","output":[]})", 9)) == "");
  CHECK(told(read(Dialect::gemini, R"({"candidates":[{"finishReason":"STOP"}]})", 9)) == "");
  CHECK(told(read(Dialect::gemini, R"({"candidates":[]})", 9)) == "protocol");
}

TEST_CASE("blocks and deltas out of order find each other") {
  // The second block begins first, and their pieces alternate.
  CHECK(
      told(read(
          Dialect::anthropic_messages,
          framed(
              {R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"b","name":"g","input":{}}})",
               R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}})",
               R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"n\""}})",
               R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}})",
               R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":":2}"}})",
               R"({"type":"message_delta","delta":{"stop_reason":"tool_use"}})"}),
          11)) == " | f{} as a | g{\"n\":2} as b");
  CHECK(
      told(read(
          Dialect::openai_responses,
          framed(
              {R"({"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"b","name":"g","arguments":""}})",
               R"({"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"a","name":"f","arguments":""}})",
               R"({"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\"n\":2}"})",
               R"({"type":"response.completed","response":{"status":"completed","output":[]}})"}),
          11)) == " | f{} as a | g{\"n\":2} as b");
}

TEST_CASE("ids that come twice are told apart on every wire") {
  for (const auto& sample : samples()) {
    if (sample.dialect == Dialect::gemini) continue;  // results follow their calls by order there
    CAPTURE(enum_name(sample.dialect));
    ChatRequest request;
    request.max_output = 10;
    for (const char* own : {"call_1", "call_2", "call_3"}) {
      request.messages.push_back(
          {Role::assistant, {ToolCallPart{own, "call_0", "f", "{}", {}}}, false});
      request.messages.push_back(
          {Role::tool, {ToolResultPart{own, "call_0", "f", "r", false}}, false});
    }
    Model model;
    Provider provider;
    provider.dialect = sample.dialect;
    const auto body = dialect_of(sample.dialect)->encode(request, model, provider).body;
    for (const char* id : {"\"call_0\"", "\"call_2\"", "\"call_3\""}) {
      CAPTURE(id);
      const auto first = body.find(id), second = body.find(id, first + 1);
      CHECK(second != std::string::npos);
      CHECK(body.find(id, second + 1) == std::string::npos);
    }
  }
}

TEST_CASE("an error inside a stream is an error, whatever came before it") {
  const std::vector<std::pair<Dialect, std::string>> errors = {
      {Dialect::openai_chat, R"({"error":{"code":503,"message":"Overloaded"}})"},
      {Dialect::anthropic_messages,
       R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"},
      {Dialect::openai_responses,
       R"({"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"Overloaded"}}})"},
      {Dialect::gemini, R"({"error":{"code":503,"message":"Overloaded","status":"UNAVAILABLE"}})"}};
  for (std::size_t i = 0; i < errors.size(); ++i) {
    for (const auto& sample : samples()) {
      if (sample.dialect != errors[i].first) continue;
      CAPTURE(enum_name(sample.dialect));
      const auto after = Lines(sample.events.begin(), sample.events.begin() + 3);
      const auto reply = read(sample.dialect, framed(after) + framed({errors[i].second}), 13);
      REQUIRE_FALSE(reply);
      CHECK(reply.error().code == ErrorCode::overloaded);
      CHECK(reply.error().partial_output);
      CHECK(reply.error().what.find("Overloaded") != std::string::npos);
    }
  }
}

}  // namespace mixagent
