#include "base/text.h"
#include "provider/wire_pieces.h"
#include "replay/asked.h"

namespace mixagent {

namespace {

std::string excluded(const Json& body) {
  for (const char* name : {"previous_response_id", "conversation", "prompt", "background"}) {
    if (body.contains(name)) return "refers to what the server keeps";
  }
  const Json& input = member(body, "input");
  if (!input.is_array()) return input.is_string() ? "" : "no conversation in it";
  bool waiting = false;
  for (const Json& item : input) {
    const std::string type = string_or(item, "type", "message");
    if (type == "item_reference" || (item.size() == 1 && item.contains("id")))
      return "refers to what the server keeps";
    if (type == "reasoning") {
      if (text_member(item, "encrypted_content").empty() && member(item, "content").empty())
        return "refers to what the server keeps";
      waiting = true;
      continue;
    }
    const bool own =
        string_or(item, "role") == "assistant" || type.find("call") != std::string::npos;
    if (std::exchange(waiting, false) && !own)
      return "thoughts that led to nothing, which is refused";
    const Json& output = member(item, "output");
    if (output.is_array()) return "more than text in tool results";
    const Json& content = member(item, "content");
    for (const Json& part : content.is_array() ? content : Json::array()) {
      const std::string kind = string_or(part, "type");
      if (kind == "input_file") return "documents";
      if (kind == "input_audio") return "sound and film";
      if (kind == "input_image" && part.contains("file_id")) return "files by id";
    }
  }
  return waiting ? "thoughts that led to nothing, which is refused" : "";
}

void read_content(const Json& content, Message& message) {
  if (content.is_string()) {
    message.parts.emplace_back(TextPart{content.get<std::string>(), {}});
    return;
  }
  for (const Json& part : content) {
    const std::string type = string_or(part, "type");
    if (type == "input_image") {
      const Json& url = member(part, "image_url");
      message.parts.emplace_back(
          image_from_url(url.is_string() ? url.get<std::string>() : string_or(url, "url")));
    } else if (type == "refusal") {
      message.parts.emplace_back(RefusalPart{string_or(part, "refusal")});
    } else {
      message.parts.emplace_back(TextPart{string_or(part, "text"), {}});
    }
  }
}

// What the model said in a row is one message, like a reply.
class InputReader {
 public:
  InputReader(ChatRequest& request, Origin own) : request_(request), own_(std::move(own)) {}

  void item(const Json& item) {
    const std::string type = string_or(item, "type", "message"), role = string_or(item, "role");
    if (type == "message" && role != "assistant") {
      Message message{role == "user" ? Role::user : Role::system, {}, false};
      read_content(member(item, "content"), message);
      request_.messages.push_back(std::move(message));
    } else if (type == "message") {
      read_content(member(item, "content"), assistant());
    } else if (type == "function_call") {
      assistant().parts.emplace_back(calls_.call(
          string_or(item, "call_id"), string_or(item, "name"), text_member(item, "arguments")));
    } else if (type == "function_call_output") {
      request_.messages.push_back(
          {Role::tool,
           {calls_.result(string_or(item, "call_id"), "", text_member(item, "output"), false)},
           false});
    } else if (type == "reasoning") {
      assistant().parts.emplace_back(ReasoningPart{"", true, {{own_, "item", dump_json(item)}}});
    } else {
      assistant().parts.emplace_back(RawPart{{own_, "item", dump_json(item)}});
    }
  }

 private:
  Message& assistant() {
    auto& messages = request_.messages;
    if (messages.empty() || messages.back().role != Role::assistant)
      messages.push_back({Role::assistant, {}, false});
    return messages.back();
  }

  ChatRequest& request_;
  const Origin own_;
  WireCalls calls_;
};

const Json& schema_in(const Json& body) {
  return member(member(member(body, "text"), "format"), "schema");
}

std::string effort_in(const Json& body) {
  const std::string effort = text_member(member(body, "reasoning"), "effort");
  return is_one_of(effort, {"low", "medium", "high"}) ? effort : std::string();
}

void read(const Json& body, Asked& asked) {
  ChatRequest& request = asked.request;
  if (const std::string text = text_member(body, "instructions"); !text.empty())
    request.messages.push_back({Role::system, {TextPart{text, {}}}, false});
  const Json& input = member(body, "input");
  InputReader reader(request, {Dialect::openai_responses, asked.provider.name, asked.model.name});
  if (input.is_string()) {
    request.messages.push_back({Role::user, {TextPart{input.get<std::string>(), {}}}, false});
  } else {
    for (const Json& item : input) reader.item(item);
  }
  for (const Json& tool : member(body, "tools")) {
    if (string_or(tool, "type") != "function") continue;
    request.tools.push_back({string_or(tool, "name"), text_member(tool, "description"),
                             dump_json(member(tool, "parameters"))});
  }
  request.max_output = int_or(body, "max_output_tokens");
  if (const Json& value = member(body, "temperature"); value.is_number())
    request.temperature = value.get<double>();
  if (const Json& schema = schema_in(body); !schema.is_null())
    request.response_schema = dump_json(schema);
  request.reasoning_effort = effort_in(body);
  request.cache_key = text_member(body, "prompt_cache_key");
  asked.model.reasoning = !request.reasoning_effort.empty();
}

Json settled_content(const Json& content, bool assistant) {
  Json parts = Json::array();
  if (content.is_string()) parts.push_back({{"text", content}});
  for (const Json& part : content.is_array() ? content : Json::array()) {
    const std::string type = string_or(part, "type");
    if (type == "input_image") {
      const Json& url = member(part, "image_url");
      parts.push_back({{"image", url.is_string() ? url : member(url, "url")}});
    } else {
      // A refusal goes back as what it was: text.
      parts.push_back(
          {{"text", type == "refusal" ? member(part, "refusal") : member(part, "text")}});
    }
  }
  if (assistant) {
    Json spoken = Json::array();
    for (Json& part : parts) {
      if (part["text"] != "") spoken.push_back(std::move(part));
    }
    return spoken;
  }
  return parts;
}

// An item as one entry, a message of the assistant as one for each of its parts.
void settle_item(Json item, Json& all) {
  const std::string type = string_or(item, "type", "message"), role = string_or(item, "role");
  if (type == "message") {
    Json content = settled_content(member(item, "content"), role == "assistant");
    if (role != "assistant") {
      all.push_back(
          {{"role", role == "developer" ? "system" : role}, {"content", std::move(content)}});
      return;
    }
    for (Json& part : content) all.push_back({{"role", role}, {"content", std::move(part)}});
    return;
  }
  if (type == "function_call") {
    // The item's own id and state; what a call refers to is its call_id.
    drop(item, {"id", "status", "namespace"});
    Json& arguments = item["arguments"];
    if (!parse_json(arguments.get<std::string>())) arguments = "{}";
  }
  if (type == "function_call_output") drop(item, {"id", "status"});
  if (type == "reasoning") item.erase("status");
  all.push_back(std::move(item));
}

Json normal(Json body, const Asked&) {
  drop(body, {"stream", "store", "include"});
  // Settings that mixagent has no use for, and tools that the provider runs itself.
  drop(body, {"tool_choice", "parallel_tool_calls", "top_p", "user", "service_tier", "moderation",
              "provider", "prompt_cache_options", "context_management"});
  const Json schema = schema_in(body);
  const std::string effort = effort_in(body);
  drop(body, {"text", "reasoning"});
  if (!schema.is_null()) body["schema"] = schema;
  if (body.contains("schema")) open_schema(body["schema"]);
  if (!effort.empty()) {
    body["effort"] = effort;
    body.erase("temperature");  // refused together
  }
  std::string instructions = text_member(body, "instructions");
  Json input = Json::array();
  if (body["input"].is_string()) {
    settle_item({{"role", "user"}, {"content", body["input"]}}, input);
  } else {
    for (const Json& item : body["input"]) settle_item(item, input);
  }
  CallNumbers numbers;
  for (Json& item : input) {
    if (string_or(item, "type") == "function_call") numbers.call(item["call_id"]);
    if (string_or(item, "type") == "function_call_output") numbers.result(item["call_id"]);
  }
  // Leading system messages are instructions.
  while (!input.empty() && string_or(input.front(), "role") == "system") {
    for (const Json& part : input.front()["content"])
      instructions += (instructions.empty() ? "" : "\n\n") + text_member(part, "text");
    input.erase(0);
  }
  body["instructions"] = instructions;
  body["input"] = std::move(input);
  Json tools = Json::array();
  for (Json tool : member(body, "tools")) {
    if (string_or(tool, "type") != "function") continue;
    drop(tool, {"strict", "defer_loading"});
    drop_empty(tool);
    tools.push_back(std::move(tool));
  }
  body["tools"] = std::move(tools);
  drop_empty(body);
  return body;
}

}  // namespace

const RequestForm& responses_form() {
  static const RequestForm form{excluded, read, normal};
  return form;
}

}  // namespace mixagent
