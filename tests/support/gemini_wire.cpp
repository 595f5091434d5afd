#include "base/text.h"
#include "support/other_wires.h"

#include <algorithm>
#include <deque>
#include <utility>

namespace mixagent {

namespace {

class GeminiRequest {
 public:
  explicit GeminiRequest(const Json& body) : body_(body) {}

  // Calls carry no ids here: results answer them in order, by name.
  Json chat(std::string& fault) {
    Json chat = {{"max_tokens", int_or(member(body_, "generationConfig"), "maxOutputTokens")},
                 {"stream", true}};
    if (const Json& system = member(body_, "systemInstruction"); !system.is_null()) {
      messages_.push_back({{"role", "system"}, {"content", texts(member(system, "parts"))}});
    }
    std::string before;
    for (const Json& content : member(body_, "contents")) {
      const std::string role = string_or(content, "role");
      if (role == before) refuse("two contents of role '" + role + "' in a row");
      before = role;
      if (role == "model") {
        model(member(content, "parts"));
      } else {
        user(member(content, "parts"));
      }
    }
    chat["messages"] = std::move(messages_);
    for (const Json& tools : member(body_, "tools")) {
      for (const Json& function : member(tools, "functionDeclarations")) add_tool(chat, function);
    }
    fault = fault_;
    return chat;
  }

 private:
  void refuse(const std::string& why) {
    if (fault_.empty()) fault_ = why;
  }

  static std::string texts(const Json& parts) {
    std::string text;
    for (const Json& part : parts) {
      if (member(part, "thought") != Json(true)) text += string_or(part, "text");
    }
    return text;
  }

  static void add_tool(Json& chat, const Json& function) {
    Json parameters = member(function, "parametersJsonSchema");
    if (parameters.is_null()) parameters = {{"type", "object"}};
    chat["tools"].push_back(
        {{"type", "function"},
         {"function",
          {{"name", string_or(function, "name")}, {"parameters", std::move(parameters)}}}});
  }

  void model(const Json& parts) {
    Json said = {{"role", "assistant"}, {"content", texts(parts)}};
    for (const Json& part : parts) {
      const Json& call = member(part, "functionCall");
      if (call.is_null()) continue;
      const std::string id = "call_" + std::to_string(++calls_);
      open_.emplace_back(id, string_or(call, "name"));
      said["tool_calls"].push_back(
          {{"id", id},
           {"type", "function"},
           {"function",
            {{"name", string_or(call, "name")}, {"arguments", dump_json(member(call, "args"))}}}});
    }
    messages_.push_back(std::move(said));
  }

  void user(const Json& parts) {
    bool spoke = false;
    for (const Json& part : parts) {
      const Json& result = member(part, "functionResponse");
      if (result.is_null()) {
        spoke = true;
        continue;
      }
      if (open_.empty() || open_.front().second != string_or(result, "name")) {
        refuse("a functionResponse that answers no functionCall: " + string_or(result, "name"));
        return;
      }
      const Json& response = member(result, "response");
      messages_.push_back(
          {{"role", "tool"},
           {"tool_call_id", open_.front().first},
           {"content", string_or(response, "output", string_or(response, "error"))}});
      open_.pop_front();
    }
    if (spoke) messages_.push_back({{"role", "user"}, {"content", texts(parts)}});
  }

  const Json& body_;
  Json messages_ = Json::array();
  std::deque<std::pair<std::string, std::string>> open_;  // id and name
  int calls_ = 0;
  std::string fault_;
};

std::string finish_reason(const Reply& reply) {
  if (reply.finish == "length") return "MAX_TOKENS";
  if (reply.finish == "content_filter") return "SAFETY";
  return "STOP";
}

// There is no such thing as broken JSON in a part: a call whose arguments fit nothing stands in.
Json arguments_of(const ScriptCall& call) {
  auto json = parse_json(call.arguments);
  return json && json->is_object() ? *json : Json{{"unparsed", call.arguments}};
}

}  // namespace

Json gemini_as_chat(const Json& body, std::string& fault) {
  return GeminiRequest(body).chat(fault);
}

ChatAnswer gemini_answer(const Reply& reply, const ServerRequest& request) {
  EventStream stream;
  const auto chunk = [&](const Json& parts, const std::string& finish) {
    Json content = {{"role", "model"}};
    if (!parts.empty()) content["parts"] = parts;
    Json candidate = {{"content", std::move(content)}, {"index", 0}};
    if (!finish.empty()) candidate["finishReason"] = finish;
    Json data = {{"candidates", Json::array({std::move(candidate)})},
                 {"modelVersion", request.model},
                 {"responseId", "resp_" + std::to_string(request.number)}};
    if (!reply.usage_missing) {
      const ScriptUsage& used = request.usage;
      data["usageMetadata"] = {{"promptTokenCount", used.input},
                               {"candidatesTokenCount", finish.empty() ? 1 : used.output},
                               {"cachedContentTokenCount", used.cached},
                               {"totalTokenCount", used.input + used.output}};
    }
    stream.event("", data);
  };
  if (!reply.thinking.empty())
    chunk(Json::array({{{"text", reply.thinking}, {"thought", true}}}), "");
  if (!reply.text.empty()) chunk(Json::array({{{"text", reply.text}}}), "");
  bool sign = !reply.thinking.empty();
  for (const ScriptCall& call : reply.calls) {
    Json part = {{"functionCall", {{"name", call.tool}, {"args", arguments_of(call)}}}};
    if (std::exchange(sign, false)) part["thoughtSignature"] = opaque_word(request);
    chunk(Json::array({std::move(part)}), "");
    if (stream.answer.call_middle == 0)
      stream.answer.call_middle = (stream.answer.last_event + stream.answer.body.size()) / 2;
  }
  chunk(Json::array(), finish_reason(reply));
  // The framing of this provider.
  auto& answer = stream.answer;
  const auto lines_before = [&answer](std::size_t at) {
    return std::count(answer.body.begin(), answer.body.begin() + static_cast<std::ptrdiff_t>(at),
                      '\n');
  };
  answer.call_middle += static_cast<std::size_t>(lines_before(answer.call_middle));
  answer.last_event += static_cast<std::size_t>(lines_before(answer.last_event));
  answer.body = replace_all(std::move(answer.body), "\n", "\r\n");
  return std::move(answer);
}

}  // namespace mixagent
