#include "provider/gemini.h"

#include "provider/reply_reader.h"
#include "provider/wire_pieces.h"

#include <map>

namespace mixagent {

namespace {

class Encoder {
 public:
  Encoder(const ChatRequest& request, const Model& model, const Provider& provider)
      : request_(request),
        model_(model),
        id_(model.id.empty() ? model.name : model.id),
        origin_{provider.dialect, provider.name, model.name} {
    for (const auto& message : request.messages) {
      for (const auto& call : calls_of(message.parts)) names_[call.id] = call.name;
    }
  }

  std::string path() const { return "/models/" + id_ + ":streamGenerateContent?alt=sse"; }

  Json body() {
    Json body = Json::object(), system = Json::array(), contents = Json::array();
    for (const auto& message : request_.messages) {
      if (message.role == Role::system && contents.empty()) {
        system.push_back({{"text", text_of(message.parts)}});
      } else {
        add_turn(contents, message);
      }
    }
    if (!system.empty()) body["systemInstruction"] = {{"parts", std::move(system)}};
    body["contents"] = std::move(contents);
    if (!request_.tools.empty())
      body["tools"] = Json::array({{{"functionDeclarations", functions()}}});
    if (Json settings = generation_config(); !settings.empty())
      body["generationConfig"] = std::move(settings);
    return body;
  }

 private:
  // What one side says in a row is one content; results of parallel calls must stand together.
  void add_turn(Json& contents, const Message& message) {
    const char* role = message.role == Role::assistant ? "model" : "user";
    Json parts = Json::array();
    bool first_call = true;
    for (const auto& part : message.parts) {
      Json wire = part_of(part);
      if (wire.is_null()) continue;
      if (wire.contains("functionCall") && std::exchange(first_call, false))
        sign_foreign_call(wire);
      parts.push_back(std::move(wire));
    }
    if (parts.empty()) return;
    if (contents.empty() || contents.back()["role"] != role) {
      contents.push_back({{"role", role}, {"parts", std::move(parts)}});
      return;
    }
    for (auto& part : parts) contents.back()["parts"].push_back(std::move(part));
  }

  // These models refuse a call in the history without a signature, unless told that it is not
  // theirs.
  void sign_foreign_call(Json& wire) const {
    if (id_.find("gemini-3") == std::string::npos || wire.contains("thoughtSignature")) return;
    wire["thoughtSignature"] = "skip_thought_signature_validator";
  }

  Json part_of(const Part& part) const {
    if (const auto* text = std::get_if<TextPart>(&part)) {
      Json wire = signed_part({{"text", text->text}}, text->opaque);
      return text->text.empty() && !wire.contains("thoughtSignature") ? Json() : wire;
    }
    if (const auto* refusal = std::get_if<RefusalPart>(&part)) return {{"text", refusal->text}};
    if (const auto* reasoning = std::get_if<ReasoningPart>(&part)) {
      Json wire = signed_part({{"text", reasoning->text}, {"thought", true}}, reasoning->opaque);
      return wire.contains("thoughtSignature") ? wire : Json();
    }
    if (const auto* image = std::get_if<ImagePart>(&part)) {
      if (!image->url.empty())
        return {{"fileData", {{"mimeType", image->mime}, {"fileUri", image->url}}}};
      return {{"inlineData", {{"mimeType", image->mime}, {"data", image->base64}}}};
    }
    if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      Json function = {{"name", call->name}, {"args", parse_or_object(call->arguments)}};
      if (!call->wire_id.empty()) function["id"] = call->wire_id;
      return signed_part({{"functionCall", std::move(function)}}, call->opaque);
    }
    if (const auto* result = std::get_if<ToolResultPart>(&part)) return result_part(*result);
    if (const auto* raw = std::get_if<RawPart>(&part))
      return opaque_for(origin_, {raw->opaque}, "item");
    return {};
  }

  Json signed_part(Json wire, const std::vector<Opaque>& opaque) const {
    Json signature = opaque_for(origin_, opaque, "thought_signature");
    if (!signature.is_null()) wire["thoughtSignature"] = std::move(signature);
    return wire;
  }

  Json result_part(const ToolResultPart& result) const {
    const auto called = names_.find(result.call_id);
    const auto& name = result.name.empty() && called != names_.end() ? called->second : result.name;
    Json response = {{"name", name},
                     {"response", {{result.is_error ? "error" : "output", result.text}}}};
    if (!result.wire_id.empty()) response["id"] = result.wire_id;
    return {{"functionResponse", std::move(response)}};
  }

  Json functions() const {
    Json list = Json::array();
    for (const auto& tool : request_.tools) {
      Json function = {{"name", tool.name}, {"description", tool.description}};
      Json schema = parse_or_object(tool.schema);
      // An object without properties is refused; leaving it out says the same.
      if (const Json& properties = member(schema, "properties");
          properties.is_object() && !properties.empty()) {
        function["parametersJsonSchema"] = std::move(schema);
      }
      list.push_back(std::move(function));
    }
    return list;
  }

  Json generation_config() const {
    Json config = Json::object();
    if (request_.max_output > 0) config["maxOutputTokens"] = request_.max_output;
    if (request_.temperature) config["temperature"] = *request_.temperature;
    if (!request_.response_schema.empty() && model_.structured_output) {
      config["responseMimeType"] = "application/json";
      config["responseJsonSchema"] = parse_or_object(request_.response_schema);
    }
    if (model_.reasoning && !request_.reasoning_effort.empty())
      config["thinkingConfig"] = thinking();
    return config;
  }

  // A word since the third generation, a number of tokens before.
  Json thinking() const {
    const auto& effort = request_.reasoning_effort;
    if (id_.find("gemini-2") == std::string::npos) {
      const bool between = effort == "medium" && id_.find("flash") != std::string::npos;
      return {{"thinkingLevel", effort == "low" ? "low" : between ? "medium" : "high"}};
    }
    return {{"thinkingBudget", effort == "low" ? 1'024 : effort == "medium" ? 8'192 : 16'384}};
  }

  const ChatRequest& request_;
  const Model& model_;
  const std::string id_;
  const Origin origin_;
  std::map<std::string, std::string> names_;  // call id -> tool
};

class Gemini final : public WireDialect {
 public:
  WireRequest encode(const ChatRequest& request, const Model& model,
                     const Provider& provider) const override {
    Encoder encoder(request, model, provider);
    return {encoder.path(),
            {{"content-type", "application/json"}, {"accept", "text/event-stream"}},
            dump_json(encoder.body())};
  }
  std::pair<std::string, std::string> key_header(const std::string& key) const override {
    return {"x-goog-api-key", key};
  }
  Decoder decoder(ReplyContext context) const override {
    return Decoder(gemini_reader(std::move(context)));
  }
};

}  // namespace

const WireDialect& gemini() {
  static const Gemini dialect;
  return dialect;
}

}  // namespace mixagent
