#include "base/text.h"
#include "provider/wire_pieces.h"
#include "replay/asked.h"

#include <cctype>

namespace mixagent {

namespace {

std::string camel(const std::string& key) {
  std::string out;
  bool up = false;
  for (const char c : key) {
    if (c == '_') {
      up = true;
    } else {
      out += up ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      up = false;
    }
  }
  return out;
}

// Field names come in two spellings; those inside arguments, results and schemas are data.
Json in_camel(const Json& json) {
  if (json.is_array()) {
    Json out = Json::array();
    for (const Json& inner : json) out.push_back(in_camel(inner));
    return out;
  }
  if (!json.is_object()) return json;
  Json out = Json::object();
  for (const auto& [key, value] : json.items()) {
    const std::string name = camel(key);
    const bool data = is_one_of(name, {"args", "response", "parameters", "parametersJsonSchema",
                                       "responseSchema", "responseJsonSchema", "labels"});
    out[name] = data ? value : in_camel(value);
  }
  return out;
}

std::string excluded(const Json& raw) {
  const Json body = in_camel(raw);
  if (body.contains("cachedContent")) return "refers to what the server keeps";
  if (!member(body, "contents").is_array()) return "no conversation in it";
  for (const Json& content : body["contents"]) {
    if (!content.is_object()) return "no conversation in it";
    bool spoke = false;
    for (const Json& part : member(content, "parts")) {
      const Json& data = member(part, "inlineData");
      const Json& file = member(part, "fileData");
      const std::string mime = string_or(data.is_null() ? file : data, "mimeType", "image/");
      if (mime.rfind("image/", 0) != 0)
        return mime.rfind("audio/", 0) == 0 || mime.rfind("video/", 0) == 0 ? "sound and film"
                                                                            : "documents";
      if (part.contains("videoMetadata")) return "sound and film";
      if (!file.is_null() &&
          string_or(file, "fileUri").find("generativelanguage") != std::string::npos)
        return "files by id";
      if (member(member(part, "functionResponse"), "parts").is_array())
        return "more than text in tool results";
      if (member(part, "functionCall").contains("partialArgs")) return "a call in pieces";
      const bool result = part.contains("functionResponse");
      if (result && spoke) return "text before tool results";
      spoke = spoke || !result;
    }
  }
  return {};
}

// Our results are one text; other programs choose a name for it, or send an object.
std::string result_text(const Json& response) {
  if (response.size() == 1) {
    const std::string key = response.begin().key();
    if (is_one_of(key, {"output", "result", "error", "return_value", "content", "name"})) {
      const Json& value = response.begin().value();
      return value.is_string() ? value.get<std::string>() : dump_json(value);
    }
  }
  return dump_json(response);
}

Part part_of(const Json& part, const Origin& own, WireCalls& calls) {
  std::vector<Opaque> signature;
  if (const Json& value = member(part, "thoughtSignature"); value.is_string())
    signature.push_back({own, "thought_signature", dump_json(value)});
  if (const Json& call = member(part, "functionCall"); call.is_object()) {
    auto made = calls.call(text_member(call, "id"), string_or(call, "name"),
                           dump_json(member(call, "args")));
    made.opaque = std::move(signature);
    return made;
  }
  if (const Json& result = member(part, "functionResponse"); result.is_object()) {
    return calls.result(text_member(result, "id"), string_or(result, "name"),
                        result_text(member(result, "response")), false);
  }
  if (const Json& data = member(part, "inlineData"); data.is_object())
    return ImagePart{string_or(data, "mimeType"), string_or(data, "data"), ""};
  if (const Json& data = member(part, "fileData"); data.is_object())
    return ImagePart{string_or(data, "mimeType"), "", string_or(data, "fileUri")};
  if (member(part, "text").is_string()) {
    if (member(part, "thought") == Json(true))
      return ReasoningPart{string_or(part, "text"), false, std::move(signature)};
    return TextPart{string_or(part, "text"), std::move(signature)};
  }
  return RawPart{{own, "item", dump_json(part)}};
}

const Json& schema_in(const Json& body) {
  const Json& config = member(body, "generationConfig");
  const Json& schema = member(config, "responseJsonSchema");
  return schema.is_null() ? member(config, "responseSchema") : schema;
}

std::string effort_in(const Json& body) {
  const Json& thinking = member(member(body, "generationConfig"), "thinkingConfig");
  const std::string level = lower(text_member(thinking, "thinkingLevel"));
  return is_one_of(level, {"low", "medium", "high"}) ? level : std::string();
}

void read(const Json& raw, Asked& asked) {
  const Json body = in_camel(raw);
  const Origin own{Dialect::gemini, asked.provider.name, asked.model.name};
  ChatRequest& request = asked.request;
  const Json& system = member(body, "systemInstruction");
  for (const Json& part : member(system, "parts"))
    request.messages.push_back({Role::system, {TextPart{string_or(part, "text"), {}}}, false});
  if (system.is_string())
    request.messages.push_back({Role::system, {TextPart{system.get<std::string>(), {}}}, false});
  WireCalls calls;
  for (const Json& content : body["contents"]) {
    const bool model = string_or(content, "role") == "model";
    Message message{model ? Role::assistant : Role::user, {}, false};
    for (const Json& part : member(content, "parts"))
      message.parts.push_back(part_of(part, own, calls));
    request.messages.push_back(std::move(message));
  }
  for (const Json& tools : member(body, "tools")) {
    for (const Json& function : member(tools, "functionDeclarations")) {
      const Json& schema = function.contains("parametersJsonSchema")
                               ? member(function, "parametersJsonSchema")
                               : member(function, "parameters");
      request.tools.push_back(
          {string_or(function, "name"), text_member(function, "description"), dump_json(schema)});
    }
  }
  const Json& config = member(body, "generationConfig");
  request.max_output = int_or(config, "maxOutputTokens");
  if (const Json& value = member(config, "temperature"); value.is_number())
    request.temperature = value.get<double>();
  if (const Json& schema = schema_in(body); !schema.is_null())
    request.response_schema = dump_json(schema);
  request.reasoning_effort = effort_in(body);
  asked.model.reasoning = !request.reasoning_effort.empty();
}

Json settled_part(Json part) {
  if (member(part, "thoughtSignature") == Json("skip_thought_signature_validator"))
    part.erase("thoughtSignature");
  if (part.contains("functionCall")) {
    Json& call = part["functionCall"];
    if (!call.contains("args") || call["args"].is_null()) call["args"] = Json::object();
    if (member(call, "id") == Json("")) call.erase("id");
    if (member(call, "id").is_null()) call.erase("id");
  }
  if (part.contains("functionResponse")) {
    Json& result = part["functionResponse"];
    result["response"] = result_text(member(result, "response"));
    if (member(result, "id").is_null() || member(result, "id") == Json("")) result.erase("id");
  }
  for (const char* kind : {"inlineData", "fileData"}) {
    if (part.contains(kind)) part[kind].erase("displayName");
  }
  if (member(part, "thought") == Json(false)) part.erase("thought");
  return part;
}

// Thoughts without a signature are never sent, nor is nothing said.
bool says_nothing(const Json& part) {
  if (part.contains("thoughtSignature")) return false;
  return member(part, "thought") == Json(true) || member(part, "text") == Json("") || part.empty();
}

Json settled_contents(const Json& contents) {
  Json all = Json::array();
  for (const Json& content : contents) {
    const std::string role = string_or(content, "role") == "model" ? "model" : "user";
    Json parts = Json::array();
    for (const Json& part : member(content, "parts")) {
      Json settled = settled_part(part);
      if (!says_nothing(settled)) parts.push_back(std::move(settled));
    }
    if (parts.empty()) continue;
    if (!all.empty() && all.back()["role"] == role) {
      for (Json& part : parts) all.back()["parts"].push_back(std::move(part));
    } else {
      all.push_back({{"role", role}, {"parts", std::move(parts)}});
    }
  }
  return all;
}

Json normal(Json raw, const Asked&) {
  const Json body = in_camel(raw);
  Json out = {{"contents", settled_contents(member(body, "contents"))}};
  const Json& system = member(body, "systemInstruction");
  std::string rules = system.is_string() ? system.get<std::string>() : "";
  for (const Json& part : member(system, "parts")) rules += string_or(part, "text");
  out["system"] = rules;
  for (const Json& tools : member(body, "tools")) {
    for (const Json& function : member(tools, "functionDeclarations")) {
      Json schema = function.contains("parametersJsonSchema")
                        ? member(function, "parametersJsonSchema")
                        : member(function, "parameters");
      if (member(schema, "properties").empty()) schema = nullptr;
      out["tools"].push_back({{"name", string_or(function, "name")},
                              {"description", text_member(function, "description")},
                              {"parameters", std::move(schema)}});
    }
  }
  const Json& config = member(body, "generationConfig");
  for (const char* kept : {"maxOutputTokens", "temperature"}) {
    if (config.contains(kept)) out[kept] = config[kept];
  }
  out["schema"] = schema_in(body);
  out["effort"] = effort_in(body);
  for (const auto& [key, value] : body.items()) {
    const bool known =
        is_one_of(key, {"contents", "systemInstruction", "tools", "generationConfig"});
    // Settings that mixagent has no use for.
    const bool never = is_one_of(
        key, {"toolConfig", "safetySettings", "model", "modelArmorConfig", "labels", "stream"});
    if (!known && !never) out[key] = value;
  }
  drop_empty(out);
  return out;
}

}  // namespace

const RequestForm& gemini_form() {
  static const RequestForm form{excluded, read, normal};
  return form;
}

}  // namespace mixagent
