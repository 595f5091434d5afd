#include "base/text.h"
#include "provider/chat_quirks.h"
#include "provider/wire_pieces.h"
#include "replay/asked.h"

namespace mixagent {

ToolCallPart WireCalls::call(const std::string& wire_id, const std::string& name,
                             const std::string& arguments) {
  calls_.push_back({own_call_id(calls_.size()), wire_id, name, arguments, {}});
  answered_.push_back(false);
  return calls_.back();
}

ToolResultPart WireCalls::result(const std::string& wire_id, const std::string& name,
                                 const std::string& text, bool is_error) {
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const bool fits = wire_id.empty() ? calls_[i].name == name : calls_[i].wire_id == wire_id;
    if (!fits || answered_[i]) continue;
    answered_[i] = true;
    return {calls_[i].id, wire_id, name, text, is_error};
  }
  return {"", wire_id, name, text, is_error};
}

void CallNumbers::call(Json& id) {
  const std::string number = std::to_string(++count_);
  last_[scalar_text(id)] = number;
  id = number;
}

void CallNumbers::result(Json& id) const {
  const auto found = last_.find(scalar_text(id));
  if (found != last_.end()) id = found->second;
}

ImagePart image_from_url(const std::string& url) {
  const auto comma = url.find(";base64,");
  if (url.rfind("data:", 0) != 0 || comma == std::string::npos) return {"", "", url};
  return {url.substr(5, comma - 5), url.substr(comma + 8), ""};
}

bool is_one_of(const std::string& word, std::initializer_list<const char*> words) {
  for (const char* candidate : words) {
    if (word == candidate) return true;
  }
  return false;
}

void drop(Json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) object.erase(name);
}

void open_schema(Json& schema) {
  if (!schema.is_structured()) return;
  for (Json& inner : schema) open_schema(inner);
  if (member(schema, "additionalProperties") == Json(false)) schema.erase("additionalProperties");
}

void drop_empty(Json& object) {
  Json kept = Json::object();
  for (auto& [key, value] : object.items()) {
    const bool nothing = value.empty() || value == Json("");
    if (!nothing) kept[key] = value;
  }
  object = std::move(kept);
}

namespace {

const ChatQuirks& quirks_of(const Asked& asked) {
  return chat_quirks(asked.provider.name, asked.provider.base_url);
}

std::string excluded(const Json& body) {
  if (!member(body, "messages").is_array()) return "no conversation in it";
  if (body.contains("functions")) return "function_call, which tool calls replaced";
  for (const Json& tool : member(body, "tools")) {
    if (string_or(tool, "type") != "function" || !member(tool, "function").is_object())
      return "tools that are no functions";
  }
  for (const Json& message : body["messages"]) {
    const std::string role = string_or(message, "role");
    if (role == "function" || message.contains("function_call"))
      return "function_call, which tool calls replaced";
    for (const Json& call : member(message, "tool_calls")) {
      if (string_or(call, "type", "function") != "function") return "tools that are no functions";
    }
    if (role.empty()) return "no conversation in it";
    if (role == "assistant" && message.contains("audio")) return "sound";
    const Json& content = member(message, "content");
    if (!content.is_array()) continue;
    for (const Json& part : content) {
      const std::string type = string_or(part, "type");
      if (role == "tool" && type != "text") return "more than text in tool results";
      if (is_one_of(type, {"file", "document_url"})) return "documents";
      if (is_one_of(type, {"input_audio", "video_url"})) return "sound and film";
      if (!is_one_of(type, {"text", "image_url", "thinking"})) return "no conversation in it";
    }
  }
  return {};
}

bool marked(const Json& content) {
  return content.is_array() && !content.empty() && content.back().contains("cache_control");
}

std::string texts(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  for (const Json& part : content) {
    if (part.is_object() && string_or(part, "type") == "text") text += text_member(part, "text");
  }
  return text;
}

void number_ids(Json& messages) {
  CallNumbers numbers;
  for (Json& message : messages) {
    for (Json& call : message["tool_calls"]) numbers.call(call["id"]);
    if (message.contains("tool_call_id")) numbers.result(message["tool_call_id"]);
  }
}

void read_content(const Json& content, Message& message) {
  if (content.is_string()) {
    message.parts.emplace_back(TextPart{content.get<std::string>(), {}});
  } else if (content.is_array()) {
    for (const Json& part : content) {
      if (string_or(part, "type") == "image_url") {
        const Json& image = member(part, "image_url");
        message.parts.emplace_back(
            image_from_url(image.is_string() ? image.get<std::string>() : string_or(image, "url")));
      } else if (string_or(part, "type") == "text") {
        message.parts.emplace_back(TextPart{string_or(part, "text"), {}});
      }
    }
  }
}

void read_thoughts(const Json& message, const Origin& own, Message& out) {
  ReasoningPart part;
  for (const char* kind : {"reasoning_content", "reasoning_details"}) {
    if (const Json& value = member(message, kind); !value.empty())
      part.opaque.push_back({own, kind, dump_json(value)});
  }
  for (const Json& piece : member(message, "content")) {
    if (piece.is_object() && string_or(piece, "type") == "thinking")
      part.opaque.push_back({own, "thinking", dump_json(member(piece, "thinking"))});
  }
  if (!part.opaque.empty()) out.parts.emplace_back(std::move(part));
}

std::string effort_in(const Json& body) {
  const std::string effort =
      text_member(body, "reasoning_effort") + text_member(member(body, "reasoning"), "effort");
  return is_one_of(effort, {"low", "medium", "high"}) ? effort : std::string();
}

void read(const Json& body, Asked& asked) {
  const Origin own{Dialect::openai_chat, asked.provider.name, asked.model.name};
  ChatRequest& request = asked.request;
  WireCalls calls;
  for (const Json& message : body["messages"]) {
    const std::string role = string_or(message, "role");
    const Json& content = member(message, "content");
    Message out;
    out.cache_here = marked(content);
    if (role == "tool") {
      out.role = Role::tool;
      out.parts.emplace_back(
          calls.result(string_or(message, "tool_call_id"), "", texts(content), false));
    } else if (role == "assistant") {
      out.role = Role::assistant;
      read_thoughts(message, own, out);
      read_content(content, out);
      for (const Json& call : member(message, "tool_calls")) {
        const Json& function = member(call, "function");
        out.parts.emplace_back(calls.call(string_or(call, "id"), string_or(function, "name"),
                                          arguments_text(member(function, "arguments"))));
      }
    } else {
      out.role = role == "user" ? Role::user : Role::system;
      read_content(content, out);
    }
    request.messages.push_back(std::move(out));
  }
  for (const Json& tool : member(body, "tools")) {
    const Json& function = member(tool, "function");
    request.tools.push_back({string_or(function, "name"), text_member(function, "description"),
                             dump_json(member(function, "parameters"))});
  }
  request.max_output = int_or(body, "max_completion_tokens", int_or(body, "max_tokens"));
  if (const Json& value = member(body, "temperature"); value.is_number())
    request.temperature = value.get<double>();
  request.reasoning_effort = effort_in(body);
  request.cache_key = text_member(body, "prompt_cache_key");
  const Json& schema = member(member(member(body, "response_format"), "json_schema"), "schema");
  if (!schema.is_null()) request.response_schema = dump_json(schema);
  asked.model.reasoning = !request.reasoning_effort.empty();
}

void settle_message(Json& message, const ChatQuirks& quirks, bool marks) {
  if (string_or(message, "role") == "developer") message["role"] = "system";
  // Names of speakers, and what servers add to their own messages.
  drop(message, {"name", "prefix", "annotations", "images", "reasoning", "refusal"});
  const bool calls = !member(message, "tool_calls").empty();
  if (quirks.echo != ReasoningEcho::content || !calls) message.erase("reasoning_content");
  if (quirks.echo != ReasoningEcho::details) message.erase("reasoning_details");
  Json& content = message["content"];
  if (content.is_array()) {
    bool only_text = true;
    for (Json& part : content) {
      if (!marks || &part != &content.back()) part.erase("cache_control");
      drop_empty(part);
      part.erase("prompt_cache_breakpoint");
      if (part.contains("cache_control")) part["cache_control"] = {{"type", "ephemeral"}};
      const std::string type = string_or(part, "type");
      only_text = only_text && type == "text" && !part.contains("cache_control");
      if (type == "thinking") only_text = false;
      if (type != "image_url") continue;
      Json& image = part["image_url"];
      if (image.is_string()) image = Json{{"url", image}};
      image.erase("detail");
    }
    const bool one = content.size() == 1 || string_or(message, "role") == "assistant";
    if (only_text && one) content = texts(content);
  }
  for (Json& call : message["tool_calls"]) {
    drop(call, {"index", "extra_content", "provider_specific_fields"});
    call["type"] = "function";
    Json& arguments = call["function"]["arguments"];
    arguments = arguments_text(arguments);
    if (!parse_json(arguments.get<std::string>())) arguments = "{}";
  }
  drop_empty(message);
}

Json normal(Json body, const Asked& asked) {
  const ChatQuirks& quirks = quirks_of(asked);
  const bool marks = quirks.cache_marks && asked.model.family == "anthropic";
  drop(body, {"stream", "stream_options", "usage"});
  // Settings of sampling and of single providers that mixagent has no use for.
  drop(body, {"n",
              "stop",
              "seed",
              "random_seed",
              "top_p",
              "top_k",
              "logprobs",
              "top_logprobs",
              "frequency_penalty",
              "presence_penalty",
              "user",
              "store",
              "service_tier",
              "moderation",
              "tool_choice",
              "parallel_tool_calls",
              "provider",
              "models",
              "transforms",
              "plugins",
              "thinking",
              "clear_thinking",
              "reasoning_format",
              "include_reasoning",
              "safe_prompt",
              "search_context_size",
              "search_settings",
              "web_search_options",
              "venice_parameters",
              "grammar",
              "json_schema",
              "modalities",
              "audio",
              "options",
              "keep_alive",
              "cache_prompt",
              "prompt_cache_options",
              "return_related_questions",
              "preset"});
  if (body.contains("max_completion_tokens"))
    body["max_tokens"] = Json(body["max_completion_tokens"]);
  body.erase("max_completion_tokens");
  const std::string effort = effort_in(body);
  drop(body, {"reasoning", "reasoning_effort"});
  if (!effort.empty() && quirks.effort != EffortField::none) body["effort"] = effort;
  if (quirks.fixed_temperature && !effort.empty()) body.erase("temperature");
  if (!quirks.cache_key) body.erase("prompt_cache_key");
  const Json schema = member(member(member(body, "response_format"), "json_schema"), "schema");
  body.erase("response_format");
  if (quirks.schema == SchemaForm::json_schema && !schema.is_null()) body["schema"] = schema;
  if (body.contains("schema")) open_schema(body["schema"]);
  number_ids(body["messages"]);
  for (Json& message : body["messages"]) settle_message(message, quirks, marks);
  for (Json& tool : body["tools"]) {
    drop(tool, {"cache_control", "eager_input_streaming"});
    Json& function = tool["function"];
    drop(function, {"strict", "requires_confirmation", "external_execution"});
    drop_empty(function);
  }
  drop_empty(body);
  return body;
}

}  // namespace

const RequestForm& chat_form() {
  static const RequestForm form{excluded, read, normal};
  return form;
}

}  // namespace mixagent
