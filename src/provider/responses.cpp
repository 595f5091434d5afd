#include "provider/responses.h"

#include "provider/reply_reader.h"
#include "provider/wire_pieces.h"

namespace mixagent {

namespace {

class Encoder {
 public:
  Encoder(const ChatRequest& request, const Model& model, const Provider& provider)
      : request_(request),
        model_(model),
        origin_{provider.dialect, provider.name, model.name},
        ids_(request.messages, as_it_is) {}

  Json body() {
    Json body = {{"model", model_.id.empty() ? model_.name : model_.id}};
    std::string instructions;
    Json input = Json::array();
    for (const auto& message : request_.messages) {
      if (message.role == Role::system && input.empty()) {
        instructions += (instructions.empty() ? "" : "\n\n") + text_of(message.parts);
      } else if (message.role == Role::assistant) {
        add_assistant(input, message);
      } else {
        add_user(input, message);
      }
    }
    if (!instructions.empty()) body["instructions"] = instructions;
    body["input"] = std::move(input);
    if (!request_.tools.empty()) body["tools"] = tools();
    if (request_.max_output > 0) body["max_output_tokens"] = request_.max_output;
    if (model_.reasoning) {
      if (!request_.reasoning_effort.empty())
        body["reasoning"] = {{"effort", request_.reasoning_effort}};
      body["include"] = {"reasoning.encrypted_content"};
    } else if (request_.temperature) {
      body["temperature"] = *request_.temperature;
    }
    if (!request_.response_schema.empty() && model_.structured_output) {
      Json schema = parse_or_object(request_.response_schema);
      const bool strict = fits_strict_mode(schema);
      if (strict) schema = closed_schema(request_.response_schema);
      body["text"]["format"] = {{"type", "json_schema"},
                                {"name", "answer"},
                                {"strict", strict},
                                {"schema", std::move(schema)}};
    }
    if (!request_.cache_key.empty()) body["prompt_cache_key"] = request_.cache_key;
    body["store"] = false;  // the conversation is ours: it comes whole with every call
    body["stream"] = true;
    return body;
  }

 private:
  Json tools() const {
    Json list = Json::array();
    for (const auto& tool : request_.tools) {
      list.push_back({{"type", "function"},
                      {"name", tool.name},
                      {"description", tool.description},
                      {"parameters", parse_or_object(tool.schema)},
                      {"strict", false}});
    }
    return list;
  }

  void add_user(Json& input, const Message& message) const {
    Json content = Json::array();
    for (const auto& part : message.parts) {
      if (const auto* result = std::get_if<ToolResultPart>(&part)) {
        input.push_back({{"type", "function_call_output"},
                         {"call_id", ids_.of(*result)},
                         {"output", result->text}});
      } else if (const auto* text = std::get_if<TextPart>(&part)) {
        content.push_back({{"type", "input_text"}, {"text", text->text}});
      } else if (const auto* image = std::get_if<ImagePart>(&part)) {
        content.push_back({{"type", "input_image"}, {"image_url", url_of(*image)}});
      }
    }
    if (content.empty()) return;
    const char* role = message.role == Role::system ? "system" : "user";
    input.push_back({{"type", "message"}, {"role", role}, {"content", std::move(content)}});
  }

  void add_assistant(Json& input, const Message& message) const {
    const auto first = input.size();
    for (const auto& part : message.parts) {
      Json item = item_of(part);
      if (!item.is_null()) input.push_back(std::move(item));
    }
    // Thoughts without what they led to are refused.
    while (input.size() > first && string_or(input.back(), "type") == "reasoning")
      input.erase(input.size() - 1);
  }

  Json item_of(const Part& part) const {
    if (const auto* text = std::get_if<TextPart>(&part)) return said(text->text);
    if (const auto* refusal = std::get_if<RefusalPart>(&part)) return said(refusal->text);
    if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      return {{"type", "function_call"},
              {"call_id", ids_.of(*call)},
              {"name", call->name},
              {"arguments", sendable_arguments(call->arguments)}};
    }
    if (const auto* reasoning = std::get_if<ReasoningPart>(&part)) return echo(reasoning->opaque);
    if (const auto* raw = std::get_if<RawPart>(&part))
      return opaque_for(origin_, {raw->opaque}, "item");
    return {};
  }

  static Json said(const std::string& text) {
    if (text.empty()) return {};
    Json content = Json::array({{{"type", "output_text"}, {"text", text}}});
    return {{"type", "message"}, {"role", "assistant"}, {"content", std::move(content)}};
  }

  // Nothing is stored over there, so an item must carry its own thoughts to be understood.
  Json echo(const std::vector<Opaque>& opaque) const {
    Json item = opaque_for(origin_, opaque, "item");
    const Json& content = member(item, "content");
    const bool speaks =
        !text_member(item, "encrypted_content").empty() || (content.is_array() && !content.empty());
    if (!speaks) return {};
    item.erase("status");
    return item;
  }

  const ChatRequest& request_;
  const Model& model_;
  const Origin origin_;
  const WireIds ids_;
};

class Responses final : public WireDialect {
 public:
  WireRequest encode(const ChatRequest& request, const Model& model,
                     const Provider& provider) const override {
    return {"/responses",
            {{"content-type", "application/json"}, {"accept", "text/event-stream"}},
            dump_json(Encoder(request, model, provider).body())};
  }
  std::pair<std::string, std::string> key_header(const std::string& key) const override {
    return {"authorization", "Bearer " + key};
  }
  Decoder decoder(ReplyContext context) const override {
    return Decoder(responses_reader(std::move(context)));
  }
};

}  // namespace

const WireDialect& responses() {
  static const Responses dialect;
  return dialect;
}

}  // namespace mixagent
