#include "base/text.h"
#include "provider/wire_pieces.h"
#include "replay/asked.h"

namespace mixagent {

namespace {

bool is_result(const Json& block) {
  return string_or(block, "type") == "tool_result";
}

std::string excluded(const Json& body) {
  for (const Json& message : member(body, "messages")) {
    const Json& content = member(message, "content");
    if (string_or(message, "role") == "system")
      return "system messages in the middle, a trial of the provider's";
    if (!content.is_array()) continue;
    bool spoke = false;
    for (const Json& block : content) {
      const std::string type = string_or(block, "type");
      if (is_one_of(type, {"document", "container_upload"})) return "documents";
      const Json& source = member(block, "source");
      if (type == "image" && string_or(source, "type") == "file") return "files by id";
      const Json& inner = member(block, "content");
      for (const Json& part : is_result(block) && inner.is_array() ? inner : Json::array()) {
        if (string_or(part, "type") != "text") return "more than text in tool results";
      }
      if (is_result(block) && spoke) return "text before tool results, which is refused today";
      spoke = spoke || !is_result(block);
    }
  }
  return {};
}

std::string texts(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  for (const Json& part : content) text += text_member(part, "text");
  return text;
}

Part part_of(const Json& block, const Origin& own, WireCalls& calls) {
  const std::string type = string_or(block, "type");
  const std::string whole = dump_json(block);
  if (type == "text" && !block.contains("citations")) return TextPart{string_or(block, "text"), {}};
  if (type == "image") {
    const Json& source = member(block, "source");
    return ImagePart{text_member(source, "media_type"), text_member(source, "data"),
                     text_member(source, "url")};
  }
  if (type == "tool_use") {
    return calls.call(string_or(block, "id"), string_or(block, "name"),
                      dump_json(member(block, "input")));
  }
  if (type == "thinking") {
    return ReasoningPart{string_or(block, "thinking"),
                         false,
                         {{own, "signature", dump_json(member(block, "signature"))}}};
  }
  if (type == "redacted_thinking") return ReasoningPart{"", true, {{own, "item", whole}}};
  return RawPart{{own, "item", whole}};
}

void read_message(const Json& message, const Origin& own, WireCalls& calls, ChatRequest& request) {
  const bool assistant = string_or(message, "role") == "assistant";
  const Json& content = member(message, "content");
  Message said{assistant ? Role::assistant : Role::user, {}, false};
  Message results{Role::tool, {}, false};
  if (content.is_string()) said.parts.emplace_back(TextPart{content.get<std::string>(), {}});
  for (Json block : content.is_array() ? content : Json::array()) {
    const bool mark = block.contains("cache_control");
    block.erase("cache_control");
    Message& target = is_result(block) ? results : said;
    target.cache_here = mark;
    if (is_result(block)) {
      results.parts.emplace_back(calls.result(string_or(block, "tool_use_id"), "",
                                              texts(member(block, "content")),
                                              member(block, "is_error") == Json(true)));
    } else {
      said.parts.push_back(part_of(block, own, calls));
    }
  }
  if (!results.parts.empty()) request.messages.push_back(std::move(results));
  if (!said.parts.empty()) request.messages.push_back(std::move(said));
}

const Json& schema_in(const Json& body) {
  const Json& now = member(member(member(body, "output_config"), "format"), "schema");
  return now.is_null() ? member(member(body, "output_format"), "schema") : now;
}

void read(const Json& body, Asked& asked) {
  const Origin own{Dialect::anthropic_messages, asked.provider.name, asked.model.name};
  ChatRequest& request = asked.request;
  if (const Json& system = member(body, "system"); system.is_string()) {
    request.messages.push_back({Role::system, {TextPart{system.get<std::string>(), {}}}, false});
  } else {
    for (const Json& block : system) {
      request.messages.push_back({Role::system,
                                  {TextPart{string_or(block, "text"), {}}},
                                  block.contains("cache_control")});
    }
  }
  WireCalls calls;
  for (const Json& message : member(body, "messages")) read_message(message, own, calls, request);
  for (const Json& tool : member(body, "tools")) {
    if (!tool.contains("input_schema")) continue;
    request.tools.push_back({string_or(tool, "name"), text_member(tool, "description"),
                             dump_json(member(tool, "input_schema"))});
  }
  request.max_output = int_or(body, "max_tokens");
  if (const Json& value = member(body, "temperature"); value.is_number())
    request.temperature = value.get<double>();
  if (const Json& schema = schema_in(body); !schema.is_null())
    request.response_schema = dump_json(schema);
  // The number of tokens is ours to choose; that it thinks at all is what is compared.
  const std::string kind = string_or(member(body, "thinking"), "type");
  if (kind == "enabled" || kind == "adaptive") {
    request.reasoning_effort = text_member(member(body, "output_config"), "effort");
    if (!is_one_of(request.reasoning_effort, {"low", "medium", "high"}))
      request.reasoning_effort = "medium";
  }
  asked.model.reasoning = !request.reasoning_effort.empty();
}

void settle_block(Json& block, bool last) {
  const std::string type = string_or(block, "type");
  // Ours stand at the end of a message; a mark in its middle has no neutral form.
  if (!last) block.erase("cache_control");
  if (block.contains("cache_control")) block["cache_control"] = {{"type", "ephemeral"}};
  if (is_result(block)) {
    block["content"] = texts(member(block, "content"));
    if (member(block, "is_error") == Json(false)) block.erase("is_error");
  }
  if (type == "tool_use") block.erase("caller");
  if (type == "text" && member(block, "citations").empty()) block.erase("citations");
}

Json as_blocks(const Json& content) {
  if (!content.is_string()) return content;
  return Json::array({{{"type", "text"}, {"text", content.get<std::string>()}}});
}

void number_ids(Json& messages) {
  CallNumbers numbers;
  for (Json& message : messages) {
    for (Json& block : message["content"]) {
      if (string_or(block, "type") == "tool_use") numbers.call(block["id"]);
      if (is_result(block)) numbers.result(block["tool_use_id"]);
    }
  }
}

// One side's messages in a row are one; blank text, which is refused, says nothing.
Json settled_messages(const Json& messages) {
  Json all = Json::array();
  for (const Json& message : messages) {
    Json blocks = Json::array();
    const Json content = as_blocks(member(message, "content"));
    for (std::size_t i = 0; i < content.size(); ++i) {
      Json block = content[i];
      const bool next_kind =
          i + 1 < content.size() && is_result(block) && !is_result(content[i + 1]);
      settle_block(block, next_kind || i + 1 == content.size());
      const bool blank =
          string_or(block, "type") == "text" && trim(string_or(block, "text")).empty();
      if (!blank) blocks.push_back(std::move(block));
    }
    if (blocks.empty()) continue;
    if (!all.empty() && all.back()["role"] == message["role"]) {
      for (Json& block : blocks) all.back()["content"].push_back(std::move(block));
    } else {
      all.push_back({{"role", message["role"]}, {"content", std::move(blocks)}});
    }
  }
  return all;
}

Json normal(Json body, const Asked& asked) {
  body.erase("stream");
  // Settings that mixagent has no use for, and tools that the provider runs itself.
  drop(body, {"top_p", "top_k", "stop_sequences", "tool_choice", "metadata", "mcp_servers",
              "container", "context_management", "cache_control", "anthropic_version"});
  const Json schema = schema_in(body);
  drop(body, {"output_config", "output_format"});
  if (!schema.is_null()) body["schema"] = schema;
  if (body.contains("schema")) open_schema(body["schema"]);
  const std::string kind = string_or(member(body, "thinking"), "type");
  body.erase("thinking");
  // With too little room to think in we leave it; so does this.
  if ((kind == "enabled" || kind == "adaptive") && asked.request.max_output >= 2'048) {
    body["thinks"] = true;
    body.erase("temperature");  // refused together
  }
  Json system = as_blocks(member(body, "system"));
  for (Json& block : system) settle_block(block, true);
  body["system"] = std::move(system);
  body["messages"] = settled_messages(member(body, "messages"));
  number_ids(body["messages"]);
  Json tools = Json::array();
  for (Json tool : member(body, "tools")) {
    if (!tool.contains("input_schema")) continue;
    drop(tool, {"strict", "type", "cache_control", "defer_loading", "allowed_callers",
                "eager_input_streaming", "input_examples"});
    drop_empty(tool);
    tools.push_back(std::move(tool));
  }
  body["tools"] = std::move(tools);
  drop_empty(body);
  return body;
}

}  // namespace

const RequestForm& messages_form() {
  static const RequestForm form{excluded, read, normal};
  return form;
}

}  // namespace mixagent
