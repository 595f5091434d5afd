#include "support/other_wires.h"

#include <utility>

namespace mixagent {

namespace {

class ResponsesRequest {
 public:
  explicit ResponsesRequest(const Json& body) : body_(body) {}

  Json chat(std::string& fault) {
    Json chat = {{"model", string_or(body_, "model")},
                 {"max_tokens", int_or(body_, "max_output_tokens")},
                 {"stream", member(body_, "stream")}};
    if (body_.contains("instructions")) {
      messages_.push_back({{"role", "system"}, {"content", string_or(body_, "instructions")}});
    }
    for (const Json& entry : member(body_, "input")) item(entry);
    if (thought_) refuse("a reasoning item was provided without its required following item");
    chat["messages"] = std::move(messages_);
    for (const Json& tool : member(body_, "tools")) {
      chat["tools"].push_back(
          {{"type", "function"},
           {"function",
            {{"name", string_or(tool, "name")}, {"parameters", member(tool, "parameters")}}}});
    }
    if (member(body_, "store") != Json(false))
      refuse("the server keeps nothing: store is not false");
    fault = fault_;
    return chat;
  }

 private:
  void refuse(const std::string& why) {
    if (fault_.empty()) fault_ = why;
  }

  // The assistant's items in a row are one message.
  Json& assistant() {
    const bool open = !messages_.empty() && string_or(messages_.back(), "role") == "assistant";
    if (!open) messages_.push_back({{"role", "assistant"}, {"content", nullptr}});
    return messages_.back();
  }

  void item(const Json& entry) {
    const std::string type = string_or(entry, "type"), role = string_or(entry, "role");
    if (type == "reasoning") {
      thought_ = true;
      if (string_or(entry, "encrypted_content").empty())
        refuse("a reasoning item without encrypted_content, and nothing is stored");
      return;
    }
    const bool own = type == "function_call" || role == "assistant";
    if (std::exchange(thought_, false) && !own)
      refuse("a reasoning item was provided without its required following item");
    if (type == "function_call") {
      assistant()["tool_calls"].push_back(
          {{"id", string_or(entry, "call_id")},
           {"type", "function"},
           {"function",
            {{"name", string_or(entry, "name")}, {"arguments", string_or(entry, "arguments")}}}});
    } else if (type == "function_call_output") {
      messages_.push_back({{"role", "tool"},
                           {"tool_call_id", string_or(entry, "call_id")},
                           {"content", string_or(entry, "output")}});
    } else if (role == "assistant") {
      assistant()["content"] = member(entry, "content");
    } else {
      messages_.push_back({{"role", role}, {"content", member(entry, "content")}});
    }
  }

  const Json& body_;
  Json messages_ = Json::array();
  bool thought_ = false;
  std::string fault_;
};

Json function_item(const Reply& reply, const ServerRequest& request, std::size_t i) {
  const std::string id = std::to_string(request.number) + "_" + std::to_string(i);
  return {{"type", "function_call"},     {"id", "fc_" + id}, {"call_id", "call_" + id},
          {"name", reply.calls[i].tool}, {"arguments", ""},  {"status", "in_progress"}};
}

}  // namespace

Json responses_as_chat(const Json& body, std::string& fault) {
  return ResponsesRequest(body).chat(fault);
}

ChatAnswer responses_answer(const Reply& reply, const ServerRequest& request) {
  EventStream stream;
  Json response = {{"id", "resp_" + std::to_string(request.number)},
                   {"object", "response"},
                   {"status", "in_progress"},
                   {"model", request.model},
                   {"output", Json::array()}};
  const auto tell = [&stream](const std::string& type, Json data) {
    data["type"] = type;
    stream.event(type, data);
  };
  tell("response.created", {{"response", response}});
  int index = 0;
  const auto add = [&](const Json& item) {
    tell("response.output_item.added", {{"output_index", index}, {"item", item}});
  };
  const auto done = [&](Json item) {
    item["status"] = "completed";
    tell("response.output_item.done", {{"output_index", index++}, {"item", item}});
    response["output"].push_back(std::move(item));
  };
  if (!reply.thinking.empty()) {
    Json item = {{"type", "reasoning"},
                 {"id", "rs_" + std::to_string(request.number)},
                 {"summary", Json::array({{{"type", "summary_text"}, {"text", reply.thinking}}})}};
    add(item);
    item["encrypted_content"] = opaque_word(request);
    done(std::move(item));
  }
  if (!reply.text.empty()) {
    Json item = {{"type", "message"}, {"role", "assistant"}, {"content", Json::array()}};
    add(item);
    tell("response.output_text.delta", {{"output_index", index}, {"delta", reply.text}});
    item["content"].push_back({{"type", "output_text"}, {"text", reply.text}});
    done(std::move(item));
  }
  for (std::size_t i = 0; i < reply.calls.size(); ++i) {
    Json item = function_item(reply, request, i);
    const std::string& arguments = reply.calls[i].arguments;
    const std::string first = cut_utf8(arguments, arguments.size() / 2);
    add(item);
    for (const std::string& piece : {first, arguments.substr(first.size())}) {
      tell("response.function_call_arguments.delta", {{"output_index", index}, {"delta", piece}});
      stream.middle_of_call();
    }
    item["arguments"] = arguments;
    done(std::move(item));
  }
  const bool cut = reply.finish == "length" || reply.finish == "content_filter";
  response["status"] = cut ? "incomplete" : "completed";
  if (cut) {
    response["incomplete_details"] = {
        {"reason", reply.finish == "length" ? "max_output_tokens" : "content_filter"}};
  }
  if (!reply.usage_missing) {
    const ScriptUsage& used = request.usage;
    response["usage"] = {{"input_tokens", used.input},
                         {"output_tokens", used.output},
                         {"total_tokens", used.input + used.output},
                         {"input_tokens_details",
                          {{"cached_tokens", used.cached}, {"cache_write_tokens", used.written}}}};
  }
  tell(cut ? "response.incomplete" : "response.completed", {{"response", response}});
  return std::move(stream.answer);
}

}  // namespace mixagent
