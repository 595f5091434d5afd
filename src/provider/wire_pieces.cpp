#include "provider/wire_pieces.h"

#include <algorithm>

namespace mixagent {

namespace {

void close_objects(Json& schema) {
  if (schema.is_array()) {
    for (auto& item : schema) close_objects(item);
  }
  if (!schema.is_object()) return;
  for (auto& item : schema) close_objects(item);
  if (schema.contains("properties") && !schema.contains("additionalProperties")) {
    schema["additionalProperties"] = false;
  }
}

}  // namespace

std::string text_member(const Json& object, std::string_view name) {
  return member(object, name).is_string() ? string_or(object, name) : std::string();
}

std::string scalar_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  return {};
}

std::string arguments_text(const Json& arguments) {
  if (arguments.is_string()) return arguments.get<std::string>();
  if (arguments.is_null()) return {};
  return dump_json(arguments);
}

Json parse_or_object(const std::string& text) {
  auto json = parse_json(text);
  return json && json->is_object() ? std::move(*json) : Json::object();
}

std::string sendable_arguments(const std::string& arguments) {
  return parse_json(arguments) ? arguments : std::string("{}");
}

std::string url_of(const ImagePart& image) {
  return image.url.empty() ? "data:" + image.mime + ";base64," + image.base64 : image.url;
}

bool fits_strict_mode(const Json& schema) {
  if (!schema.is_structured()) return true;
  if (!std::all_of(schema.begin(), schema.end(), fits_strict_mode)) return false;
  const Json& properties = member(schema, "properties");
  if (!properties.is_object()) return true;
  const Json& required = member(schema, "required");
  for (const auto& [name, value] : properties.items()) {
    if (std::find(required.begin(), required.end(), Json(name)) == required.end()) return false;
  }
  return true;
}

Json closed_schema(const std::string& text) {
  Json schema = parse_or_object(text);
  close_objects(schema);
  return schema;
}

WireIds::WireIds(const std::vector<Message>& messages, Shape shape) : shape_(shape) {
  std::set<std::string> used;
  for (const auto& message : messages) {
    for (const auto& call : calls_of(message.parts)) {
      std::string id = shape_(call.wire_id.empty() ? call.id : call.wire_id);
      if (used.count(id) != 0) id = shape_(call.id);
      while (!used.insert(id).second) id = shape_(id + "_");
      ids_[call.id] = std::move(id);
    }
  }
}

const std::string& WireIds::of(const ToolCallPart& call) const {
  return ids_.at(call.id);
}

std::string WireIds::of(const ToolResultPart& result) const {
  const auto found = ids_.find(result.call_id);
  if (found != ids_.end()) return found->second;
  return shape_(result.wire_id.empty() ? result.call_id : result.wire_id);
}

std::string as_it_is(const std::string& id) {
  return id;
}

std::set<const Message*> marked_messages(const std::vector<Message>& messages) {
  constexpr std::size_t most_marks = 4;
  std::vector<const Message*> marked;
  for (const auto& message : messages) {
    if (message.cache_here) marked.push_back(&message);
  }
  if (marked.size() > most_marks) {
    marked.erase(marked.begin() + 1, marked.end() - static_cast<std::ptrdiff_t>(most_marks - 1));
  }
  return {marked.begin(), marked.end()};
}

std::string own_call_id(std::size_t n) {
  return "call_" + std::to_string(n + 1);
}

Json opaque_for(const Origin& origin, const std::vector<Opaque>& opaque, std::string_view kind) {
  for (const auto& item : opaque) {
    if (item.kind != kind || !(item.origin == origin)) continue;
    if (auto json = parse_json(item.json)) return std::move(*json);
  }
  return {};
}

}  // namespace mixagent
