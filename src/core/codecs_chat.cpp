// Conversations as neutral JSON: what the journal keeps of a call, and what a replay reads.

#include "base/codec.h"
#include "core/codecs.h"

namespace mixagent {
namespace {

// ---- writing
// ------------------------------------------------------------------------------------------------------

Json write_opaque(const Opaque& opaque) {
  return {{"dialect", std::string(enum_name(opaque.origin.dialect))},
          {"provider", opaque.origin.provider},
          {"model", opaque.origin.model},
          {"kind", opaque.kind},
          {"json", opaque.json}};
}

void add_opaque(Json& part, const std::vector<Opaque>& list) {
  if (list.empty()) return;
  Json& items = part["opaque"] = Json::array();
  for (const auto& opaque : list) items.push_back(write_opaque(opaque));
}

struct PartWriter {
  Json operator()(const TextPart& part) const {
    Json json = {{"part", "text"}, {"text", part.text}};
    add_opaque(json, part.opaque);
    return json;
  }
  Json operator()(const ReasoningPart& part) const {
    Json json = {{"part", "reasoning"}, {"text", part.text}, {"redacted", part.redacted}};
    add_opaque(json, part.opaque);
    return json;
  }
  Json operator()(const ImagePart& part) const {
    return {{"part", "image"}, {"mime", part.mime}, {"base64", part.base64}, {"url", part.url}};
  }
  Json operator()(const ToolCallPart& part) const {
    Json json = {{"part", "tool_call"},
                 {"id", part.id},
                 {"wire_id", part.wire_id},
                 {"name", part.name},
                 {"arguments", part.arguments}};
    add_opaque(json, part.opaque);
    return json;
  }
  Json operator()(const ToolResultPart& part) const {
    return {{"part", "tool_result"}, {"call_id", part.call_id}, {"wire_id", part.wire_id},
            {"name", part.name},     {"text", part.text},       {"is_error", part.is_error}};
  }
  Json operator()(const RefusalPart& part) const {
    return {{"part", "refusal"}, {"text", part.text}};
  }
  Json operator()(const RawPart& part) const {
    Json json = {{"part", "raw"}};
    add_opaque(json, {part.opaque});
    return json;
  }
};

Json write_parts(const std::vector<Part>& parts) {
  Json json = Json::array();
  for (const auto& part : parts) json.push_back(std::visit(PartWriter{}, part));
  return json;
}

Json write_message(const Message& message) {
  Json json = {{"role", std::string(enum_name(message.role))},
               {"parts", write_parts(message.parts)}};
  if (message.cache_here) json["cache_here"] = true;
  return json;
}

Json write_tool(const ToolDef& tool) {
  return {{"name", tool.name}, {"description", tool.description}, {"schema", tool.schema}};
}

// ---- reading
// ------------------------------------------------------------------------------------------------------

std::string at(const std::string& path, std::size_t i) {
  return path + "[" + std::to_string(i) + "]";
}

// Members are optional; one of the wrong type is an error with its place.
class Members {
 public:
  Members(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
    if (!json.is_object()) fault("expected an object", path_);
  }

  template <class T>
  void get(const char* name, T& value) {
    const Json& found = member(json_, name);
    if (found.is_null() || error_) return;
    ReadNotes notes;
    if (auto read = read_json(found, value, path_ + "." + name, notes); !read)
      error_ = read.error();
  }

  // One of a list: `read(item, path)` gives a Result.
  template <class T, class Read>
  void list(const char* name, std::vector<T>& values, Read read) {
    const Json& found = member(json_, name);
    if (found.is_null() || error_) return;
    const std::string path = path_ + "." + name;
    if (!found.is_array()) return fault("expected an array", path);
    for (std::size_t i = 0; i < found.size() && !error_; ++i) {
      if (auto item = read(found[i], at(path, i))) {
        values.push_back(*std::move(item));
      } else {
        error_ = item.error();
      }
    }
  }

  template <class T>
  Result<T> finish(T value) const {
    if (error_) return fail(*error_);
    return value;
  }

 private:
  void fault(const char* what, const std::string& where) {
    error_ = fail(ErrorCode::protocol, what, where).value();
  }

  const Json& json_;
  std::string path_;
  std::optional<Error> error_;
};

Result<Opaque> read_opaque(const Json& json, const std::string& path) {
  Opaque opaque;
  Members members(json, path);
  members.get("dialect", opaque.origin.dialect);
  members.get("provider", opaque.origin.provider);
  members.get("model", opaque.origin.model);
  members.get("kind", opaque.kind);
  members.get("json", opaque.json);
  return members.finish(std::move(opaque));
}

Result<Part> read_part(const Json& json, const std::string& path) {
  Members members(json, path);
  const std::string kind = string_or(json, "part");
  if (kind == "text") {
    TextPart part;
    members.get("text", part.text);
    members.list("opaque", part.opaque, read_opaque);
    return members.finish(Part(std::move(part)));
  }
  if (kind == "reasoning") {
    ReasoningPart part;
    members.get("text", part.text);
    members.get("redacted", part.redacted);
    members.list("opaque", part.opaque, read_opaque);
    return members.finish(Part(std::move(part)));
  }
  if (kind == "image") {
    ImagePart part;
    members.get("mime", part.mime);
    members.get("base64", part.base64);
    members.get("url", part.url);
    return members.finish(Part(std::move(part)));
  }
  if (kind == "tool_call") {
    ToolCallPart part;
    members.get("id", part.id);
    members.get("wire_id", part.wire_id);
    members.get("name", part.name);
    members.get("arguments", part.arguments);
    members.list("opaque", part.opaque, read_opaque);
    return members.finish(Part(std::move(part)));
  }
  if (kind == "tool_result") {
    ToolResultPart part;
    members.get("call_id", part.call_id);
    members.get("wire_id", part.wire_id);
    members.get("name", part.name);
    members.get("text", part.text);
    members.get("is_error", part.is_error);
    return members.finish(Part(std::move(part)));
  }
  if (kind == "refusal") {
    RefusalPart part;
    members.get("text", part.text);
    return members.finish(Part(std::move(part)));
  }
  if (kind == "raw") {
    std::vector<Opaque> opaque;
    members.list("opaque", opaque, read_opaque);
    MIX_TRY(opaque, members.finish(std::move(opaque)));
    if (opaque.size() == 1) return Part(RawPart{std::move(opaque.front())});
  }
  return fail(ErrorCode::protocol, "expected a part of a message", path);
}

Result<Message> read_message(const Json& json, const std::string& path) {
  Message message;
  Members members(json, path);
  members.get("role", message.role);
  members.list("parts", message.parts, read_part);
  members.get("cache_here", message.cache_here);
  return members.finish(std::move(message));
}

Result<ToolDef> read_tool(const Json& json, const std::string& path) {
  ToolDef tool;
  Members members(json, path);
  members.get("name", tool.name);
  members.get("description", tool.description);
  members.get("schema", tool.schema);
  return members.finish(std::move(tool));
}

}  // namespace

std::string encode_request(const ChatRequest& request) {
  Json json = {{"model", request.model}, {"messages", Json::array()}, {"tools", Json::array()}};
  for (const auto& message : request.messages) json["messages"].push_back(write_message(message));
  for (const auto& tool : request.tools) json["tools"].push_back(write_tool(tool));
  json["max_output"] = request.max_output;
  if (request.temperature) json["temperature"] = *request.temperature;
  json["reasoning_effort"] = request.reasoning_effort;
  json["response_schema"] = request.response_schema;
  json["cache_key"] = request.cache_key;
  json["seat"] = request.labels.seat;
  json["step"] = request.labels.step;
  json["attempt"] = request.labels.attempt;
  json["call"] = request.labels.call;
  return dump_json(json);
}

Result<ChatRequest> decode_request(std::string_view text) {
  MIX_TRY(const Json json, parse_json(text));
  ChatRequest request;
  Members members(json, "request");
  members.get("model", request.model);
  members.list("messages", request.messages, read_message);
  members.list("tools", request.tools, read_tool);
  members.get("max_output", request.max_output);
  members.get("temperature", request.temperature);
  members.get("reasoning_effort", request.reasoning_effort);
  members.get("response_schema", request.response_schema);
  members.get("cache_key", request.cache_key);
  members.get("seat", request.labels.seat);
  members.get("step", request.labels.step);
  members.get("attempt", request.labels.attempt);
  members.get("call", request.labels.call);
  return members.finish(std::move(request));
}

std::string encode_reply(const ChatReply& reply) {
  Json json = {{"parts", write_parts(reply.parts)},
               {"stop", std::string(enum_name(reply.stop))},
               {"raw_stop", reply.raw_stop},
               {"usage", to_json(reply.usage)}};
  if (reply.usage.reported_cost)
    json["usage"]["reported_usd"] = to_json(*reply.usage.reported_cost);
  json["dialect"] = std::string(enum_name(reply.origin.dialect));
  json["provider"] = reply.origin.provider;
  json["model"] = reply.origin.model;
  json["served_model"] = reply.served_model;
  json["response_id"] = reply.response_id;
  return dump_json(json);
}

Result<ChatReply> decode_reply(std::string_view text) {
  MIX_TRY(const Json json, parse_json(text));
  ChatReply reply;
  Members members(json, "reply");
  members.list("parts", reply.parts, read_part);
  members.get("stop", reply.stop);
  members.get("raw_stop", reply.raw_stop);
  members.get("usage", reply.usage);
  Members usage(member(json, "usage"), "reply.usage");
  usage.get("reported_usd", reply.usage.reported_cost);
  members.get("dialect", reply.origin.dialect);
  members.get("provider", reply.origin.provider);
  members.get("model", reply.origin.model);
  members.get("served_model", reply.served_model);
  members.get("response_id", reply.response_id);
  MIX_TRY(reply, members.finish(std::move(reply)));
  // A hand-written reply may leave the usage out.
  if (member(json, "usage").is_null()) return reply;
  return usage.finish(std::move(reply));
}

}  // namespace mixagent
