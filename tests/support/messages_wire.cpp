#include "base/text.h"
#include "support/other_wires.h"

namespace mixagent {

namespace {

constexpr std::size_t most_marks = 4;

class MessagesRequest {
 public:
  explicit MessagesRequest(const Json& body) : body_(body) {}

  Json chat(std::string& fault) {
    Json chat = {{"model", string_or(body_, "model")},
                 {"max_tokens", int_or(body_, "max_tokens")},
                 {"stream", member(body_, "stream")}};
    const Json& system = member(body_, "system");
    if (!system.is_null()) messages_.push_back({{"role", "system"}, {"content", texts(system)}});
    std::string before = "assistant";
    for (const Json& message : member(body_, "messages")) {
      const std::string role = string_or(message, "role");
      if (role == before) refuse("two messages of role '" + role + "' in a row");
      before = role;
      if (role == "assistant") {
        assistant(message);
      } else {
        user(message);
      }
    }
    chat["messages"] = std::move(messages_);
    for (const Json& tool : member(body_, "tools")) {
      chat["tools"].push_back(
          {{"type", "function"},
           {"function",
            {{"name", string_or(tool, "name")}, {"parameters", member(tool, "input_schema")}}}});
    }
    std::size_t marks = 0;
    count_marks(body_, marks);
    if (marks > most_marks) refuse(std::to_string(marks) + " cache_control blocks");
    fault = fault_;
    return chat;
  }

 private:
  void refuse(const std::string& why) {
    if (fault_.empty()) fault_ = why;
  }

  static void count_marks(const Json& at, std::size_t& marks) {
    if (!at.is_structured()) return;
    if (at.is_object() && at.contains("cache_control")) ++marks;
    for (const Json& inner : at) count_marks(inner, marks);
  }

  std::string texts(const Json& content) {
    if (content.is_string()) return content.get<std::string>();
    std::string text;
    for (const Json& block : content) {
      if (string_or(block, "type") != "text") continue;
      if (trim(string_or(block, "text")).empty()) refuse("text content blocks must be non-empty");
      text += string_or(block, "text");
    }
    return text;
  }

  void assistant(const Json& message) {
    Json said = {{"role", "assistant"}, {"content", nullptr}};
    bool called = false;
    for (const Json& block : member(message, "content")) {
      const std::string type = string_or(block, "type");
      if (type == "thinking" && called) refuse("thinking after tool_use");
      if (type == "thinking" && string_or(block, "signature").empty())
        refuse("thinking without its signature");
      if (type != "tool_use") continue;
      called = true;
      said["tool_calls"].push_back({{"id", string_or(block, "id")},
                                    {"type", "function"},
                                    {"function",
                                     {{"name", string_or(block, "name")},
                                      {"arguments", dump_json(member(block, "input"))}}}});
    }
    said["content"] = texts(member(message, "content"));
    messages_.push_back(std::move(said));
  }

  void user(const Json& message) {
    const Json& content = member(message, "content");
    bool spoke = false;
    for (const Json& block : content) {
      if (string_or(block, "type") != "tool_result") {
        spoke = true;
        continue;
      }
      if (spoke) refuse("tool_result blocks must come first");
      messages_.push_back({{"role", "tool"},
                           {"tool_call_id", string_or(block, "tool_use_id")},
                           {"content", texts(member(block, "content"))}});
    }
    if (spoke) messages_.push_back({{"role", "user"}, {"content", texts(content)}});
  }

  const Json& body_;
  Json messages_ = Json::array();
  std::string fault_;
};

std::string stop_reason(const Reply& reply) {
  if (reply.finish == "length") return "max_tokens";
  if (reply.finish == "content_filter") return "refusal";
  if (!reply.finish.empty()) return reply.finish;
  return reply.calls.empty() ? "end_turn" : "tool_use";
}

// A block from its start to its end, its content in the given deltas.
void block(EventStream& stream, int index, Json start, const Json& deltas) {
  stream.event(
      "content_block_start",
      {{"type", "content_block_start"}, {"index", index}, {"content_block", std::move(start)}});
  for (const Json& delta : deltas) {
    stream.event("content_block_delta",
                 {{"type", "content_block_delta"}, {"index", index}, {"delta", delta}});
    if (string_or(delta, "type") == "input_json_delta") stream.middle_of_call();
  }
  stream.event("content_block_stop", {{"type", "content_block_stop"}, {"index", index}});
}

}  // namespace

Json messages_as_chat(const Json& body, std::string& fault) {
  return MessagesRequest(body).chat(fault);
}

ChatAnswer messages_answer(const Reply& reply, const ServerRequest& request) {
  EventStream stream;
  const ScriptUsage& used = request.usage;
  Json usage = Json::object();
  if (!reply.usage_missing) {
    usage = {{"input_tokens", used.input - used.cached - used.written},
             {"cache_creation_input_tokens", used.written},
             {"cache_read_input_tokens", used.cached},
             {"output_tokens", std::min<std::int64_t>(1, used.output)}};
  }
  Json message = {{"id", "msg_" + std::to_string(request.number)},
                  {"type", "message"},
                  {"role", "assistant"},
                  {"model", request.model},
                  {"content", Json::array()},
                  {"stop_reason", nullptr}};
  if (!usage.empty()) message["usage"] = usage;
  stream.event("message_start", {{"type", "message_start"}, {"message", std::move(message)}});
  stream.event("ping", {{"type", "ping"}});
  int index = 0;
  if (!reply.thinking.empty()) {
    block(stream, index++, {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}},
          Json::array({{{"type", "thinking_delta"}, {"thinking", reply.thinking}},
                       {{"type", "signature_delta"}, {"signature", opaque_word(request)}}}));
  }
  if (!reply.text.empty()) {
    block(stream, index++, {{"type", "text"}, {"text", ""}},
          Json::array({{{"type", "text_delta"}, {"text", reply.text}}}));
  }
  for (std::size_t i = 0; i < reply.calls.size(); ++i) {
    const std::string& arguments = reply.calls[i].arguments;
    const std::string first = cut_utf8(arguments, arguments.size() / 2);
    block(stream, index++,
          {{"type", "tool_use"},
           {"id", "toolu_" + std::to_string(request.number) + "_" + std::to_string(i)},
           {"name", reply.calls[i].tool},
           {"input", Json::object()}},
          Json::array(
              {{{"type", "input_json_delta"}, {"partial_json", first}},
               {{"type", "input_json_delta"}, {"partial_json", arguments.substr(first.size())}}}));
  }
  Json end = {{"type", "message_delta"}, {"delta", {{"stop_reason", stop_reason(reply)}}}};
  if (!reply.usage_missing) end["usage"] = {{"output_tokens", used.output}};
  stream.event("message_delta", end);
  const auto end_begins = stream.answer.last_event;
  stream.event("message_stop", {{"type", "message_stop"}});
  stream.answer.last_event = end_begins;
  return std::move(stream.answer);
}

}  // namespace mixagent
