#include "support/chat_wire.h"

#include "base/json.h"
#include "base/text.h"
#include "support/other_wires.h"

#include <algorithm>
#include <set>

namespace mixagent {

namespace {

std::string content_text(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (content.is_array()) {
    for (const Json& part : content) text += string_or(part, "text");
  }
  return text;
}

std::string render_message(const Json& message) {
  const std::string role = string_or(message, "role");
  std::string line = role;
  if (role == "tool") line += " " + string_or(message, "tool_call_id");
  line += ": " + content_text(member(message, "content"));
  for (const Json& call : member(message, "tool_calls")) {
    const Json& function = member(call, "function");
    line += "\n  call " + string_or(function, "name") + " " + string_or(function, "arguments");
  }
  return line;
}

// One conversation, read in order: every call answered, nothing answered that was not called.
class ConversationRules {
 public:
  std::string fault_in(const Json& messages) {
    if (!messages.is_array() || messages.empty()) return "messages: expected a list";
    for (const Json& message : messages) {
      if (const std::string fault = next(message); !fault.empty()) {
        return "messages[" + std::to_string(at_) + "]: " + fault;
      }
      ++at_;
    }
    if (!waiting_.empty()) return "a tool call has no result: " + *waiting_.begin();
    const std::string last = string_or(messages.back(), "role");
    return last == "user" || last == "tool" ? "" : "the last message is of role '" + last + "'";
  }

 private:
  std::string next(const Json& message) {
    const std::string role = string_or(message, "role");
    if (role == "tool") {
      const std::string id = string_or(message, "tool_call_id");
      return waiting_.erase(id) == 1 ? "" : "a result for no open call: '" + id + "'";
    }
    if (!waiting_.empty()) return "a tool call has no result: " + *waiting_.begin();
    if (role == "assistant") return assistant(message);
    if (role != "system" && role != "developer" && role != "user") return "role '" + role + "'";
    return trim(content_text(member(message, "content"))).empty() ? "empty content" : "";
  }

  std::string assistant(const Json& message) {
    const Json& calls = member(message, "tool_calls");
    if (calls.empty() && trim(content_text(member(message, "content"))).empty()) {
      return "an assistant message with neither text nor calls";
    }
    for (const Json& call : calls) {
      const std::string id = string_or(call, "id");
      if (id.empty() || !seen_.insert(id).second)
        return "call id '" + id + "' is empty or used twice";
      const auto arguments = parse_json(string_or(member(call, "function"), "arguments"));
      if (!arguments || !arguments->is_object())
        return "arguments of " + id + " are no JSON object";
      waiting_.insert(id);
    }
    return {};
  }

  int at_ = 0;
  std::set<std::string> waiting_, seen_;
};

std::string fault_in_tools(const Json& tools) {
  std::set<std::string> names;
  for (const Json& tool : tools) {
    const Json& function = member(tool, "function");
    const std::string name = string_or(function, "name");
    if (string_or(tool, "type") != "function") return "tools: type is not 'function'";
    if (name.empty() || !names.insert(name).second)
      return "tools: '" + name + "' is empty or twice";
    if (string_or(member(function, "parameters"), "type") != "object") {
      return "tools: parameters of " + name + " are no object schema";
    }
  }
  return {};
}

struct EventWriter {
  std::string out, id, model;
  std::size_t last_event = 0;

  void event(Json choices, const Json& usage = {}) {
    Json chunk = {{"id", id},
                  {"object", "chat.completion.chunk"},
                  {"created", 1'790'000'000},
                  {"model", model},
                  {"choices", std::move(choices)}};
    if (!usage.is_null()) chunk["usage"] = usage;
    last_event = out.size();
    out += "data: " + dump_json(chunk) + "\n\n";
  }
  void delta(Json delta, const Json& finish = {}) {
    event(Json::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", finish}}}));
  }
};

Json usage_json(const ScriptUsage& usage) {
  return {{"prompt_tokens", usage.input},
          {"completion_tokens", usage.output},
          {"total_tokens", usage.input + usage.output},
          {"prompt_tokens_details",
           {{"cached_tokens", usage.cached}, {"cache_write_tokens", usage.written}}}};
}

std::string finish_of(const Reply& reply) {
  if (!reply.finish.empty()) return reply.finish;
  return reply.calls.empty() ? "stop" : "tool_calls";
}

std::string call_id(const ServerRequest& request, std::size_t index) {
  return "call_" + std::to_string(request.number) + "_" + std::to_string(index);
}

ChatAnswer streamed(const Reply& reply, const ServerRequest& request) {
  ChatAnswer answer;
  EventWriter writer;
  writer.id = "chatcmpl-" + std::to_string(request.number);
  writer.model = request.model;
  writer.delta({{"role", "assistant"}, {"content", ""}});
  if (!reply.thinking.empty()) writer.delta({{"reasoning_content", reply.thinking}});
  for (std::size_t at = 0; at < reply.text.size();) {
    const std::string piece =
        cut_utf8(reply.text.substr(at), std::min<std::size_t>(400, reply.text.size() - at));
    writer.delta({{"content", piece}});
    at += piece.size();
  }
  for (std::size_t i = 0; i < reply.calls.size(); ++i) {
    const ScriptCall& call = reply.calls[i];
    const std::string first = cut_utf8(call.arguments, call.arguments.size() / 2);
    writer.delta({{"tool_calls",
                   Json::array({{{"index", i},
                                 {"id", call_id(request, i)},
                                 {"type", "function"},
                                 {"function", {{"name", call.tool}, {"arguments", first}}}}})}});
    if (answer.call_middle == 0) answer.call_middle = writer.out.size();
    writer.delta(
        {{"tool_calls",
          Json::array({{{"index", i},
                        {"function", {{"arguments", call.arguments.substr(first.size())}}}}})}});
  }
  writer.delta(Json::object(), finish_of(reply));
  answer.last_event = writer.last_event;
  if (request.wants_usage && !reply.usage_missing) {
    writer.event(Json::array(), usage_json(request.usage));
  }
  answer.body = writer.out + "data: [DONE]\n\n";
  answer.content_type = "text/event-stream";
  return answer;
}

ChatAnswer whole(const Reply& reply, const ServerRequest& request) {
  Json message = {{"role", "assistant"}, {"content", reply.text}};
  if (reply.text.empty()) message["content"] = nullptr;
  for (std::size_t i = 0; i < reply.calls.size(); ++i) {
    message["tool_calls"].push_back(
        {{"id", call_id(request, i)},
         {"type", "function"},
         {"function", {{"name", reply.calls[i].tool}, {"arguments", reply.calls[i].arguments}}}});
  }
  Json body = {{"id", "chatcmpl-" + std::to_string(request.number)},
               {"object", "chat.completion"},
               {"created", 1'790'000'000},
               {"model", request.model},
               {"choices", Json::array({{{"index", 0},
                                         {"message", std::move(message)},
                                         {"finish_reason", finish_of(reply)}}})}};
  if (!reply.usage_missing) body["usage"] = usage_json(request.usage);
  ChatAnswer answer;
  answer.body = dump_json(body);
  answer.content_type = "application/json";
  answer.call_middle = answer.last_event = answer.body.size() / 2;
  return answer;
}

Json as_chat(Dialect dialect, const Json& body, std::string& fault) {
  switch (dialect) {
    case Dialect::anthropic_messages:
      return messages_as_chat(body, fault);
    case Dialect::openai_responses:
      return responses_as_chat(body, fault);
    case Dialect::gemini:
      return gemini_as_chat(body, fault);
    case Dialect::openai_chat:
    case Dialect::replay:
      break;
  }
  return body;
}

}  // namespace

std::string cut_utf8(const std::string& text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return text.substr(0, at);
}

std::string opaque_word(const ServerRequest& request) {
  return "opaque-" + std::to_string(request.number);
}

ServerRequest decode_request(Dialect dialect, const std::string& model_in_address,
                             const std::string& body) {
  ServerRequest request;
  request.dialect = dialect;
  request.body = body;
  const auto json = parse_json(body);
  if (!json) {
    request.fault = "the body is no JSON: " + json.error().what;
    return request;
  }
  const Json chat = as_chat(dialect, *json, request.fault);
  request.model = model_in_address.empty() ? string_or(chat, "model") : model_in_address;
  const Json& messages = member(chat, "messages");
  for (const Json& message : messages) request.messages.push_back(render_message(message));
  request.rendered = join(request.messages, "\n");
  for (const Json& tool : member(chat, "tools")) {
    request.tools.push_back(string_or(member(tool, "function"), "name"));
  }
  request.max_output = int_or(chat, "max_completion_tokens", int_or(chat, "max_tokens"));
  request.stream = member(chat, "stream") == Json(true);
  request.wants_usage = member(member(chat, "stream_options"), "include_usage") == Json(true);
  if (request.fault.empty()) request.fault = ConversationRules().fault_in(messages);
  if (request.fault.empty()) request.fault = fault_in_tools(member(chat, "tools"));
  if (request.fault.empty() && request.max_output <= 0) request.fault = "no maximum output";
  const bool can_be_whole = dialect == Dialect::openai_chat;
  if (request.fault.empty() && !request.stream && !can_be_whole)
    request.fault = "only streams are served in this dialect";
  return request;
}

ScriptUsage usage_of(const Reply& reply, const ServerRequest& request) {
  ScriptUsage usage;
  if (reply.usage) {
    usage = *reply.usage;
  } else {
    std::string said = reply.text;
    for (const ScriptCall& call : reply.calls) said += call.tool + call.arguments;
    usage.input = estimate_tokens(request.rendered);
    usage.output = estimate_tokens(said);
  }
  usage.output = std::min(usage.output, request.max_output);
  return usage;
}

ChatAnswer encode_answer(const Reply& reply, const ServerRequest& request) {
  switch (request.dialect) {
    case Dialect::anthropic_messages:
      return messages_answer(reply, request);
    case Dialect::openai_responses:
      return responses_answer(reply, request);
    case Dialect::gemini:
      return gemini_answer(reply, request);
    case Dialect::openai_chat:
    case Dialect::replay:
      break;
  }
  return request.stream ? streamed(reply, request) : whole(reply, request);
}

}  // namespace mixagent
