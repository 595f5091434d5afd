#include "provider/chat_completions.h"

#include "base/digest.h"
#include "provider/chat_quirks.h"
#include "provider/chat_reader.h"
#include "provider/wire_pieces.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace mixagent {

namespace {

std::string nine_characters(const std::string& id) {
  const bool fits = id.size() == 9 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
                      return std::isalnum(c) != 0;
                    });
  return fits ? id : sha256_hex(id).substr(0, 9);
}

Json image_content(const ImagePart& image) {
  return {{"type", "image_url"}, {"image_url", {{"url", url_of(image)}}}};
}

class Encoder {
 public:
  Encoder(const ChatRequest& request, const Model& model, const Provider& provider)
      : request_(request),
        model_(model),
        quirks_(chat_quirks(provider.name, provider.base_url)),
        origin_{provider.dialect, provider.name, model.name},
        ids_(request.messages, quirks_.nine_char_ids ? nine_characters : as_it_is) {
    if (quirks_.cache_marks && model_.family == "anthropic") {
      marked_ = marked_messages(request.messages);
    }
  }

  Json body() {
    Json body = {{"model", model_.id.empty() ? model_.name : model_.id}};
    body["messages"] = messages();
    if (!request_.tools.empty()) body["tools"] = tools();
    body["stream"] = true;
    if (quirks_.stream_options) body["stream_options"] = {{"include_usage", true}};
    if (request_.max_output > 0) body[std::string(quirks_.max_tokens)] = request_.max_output;
    put_sampling(body);
    put_schema(body);
    if (quirks_.cache_key && !request_.cache_key.empty())
      body["prompt_cache_key"] = request_.cache_key;
    if (quirks_.reports_cost) body["usage"] = {{"include", true}};
    return body;
  }

  HeaderList headers() const {
    HeaderList headers = {{"content-type", "application/json"}, {"accept", "text/event-stream"}};
    if (!quirks_.conversation_header.empty() && !request_.cache_key.empty()) {
      headers.emplace_back(quirks_.conversation_header, request_.cache_key);
    }
    return headers;
  }

 private:
  void put_sampling(Json& body) const {
    const bool refused = quirks_.fixed_temperature && model_.reasoning;
    if (request_.temperature && !refused) body["temperature"] = *request_.temperature;
    if (request_.reasoning_effort.empty() || !model_.reasoning) return;
    if (quirks_.effort == EffortField::reasoning_effort) {
      body["reasoning_effort"] = request_.reasoning_effort;
    } else if (quirks_.effort == EffortField::reasoning_object) {
      body["reasoning"] = {{"effort", request_.reasoning_effort}};
    }
  }

  void put_schema(Json& body) const {
    if (request_.response_schema.empty() || !model_.structured_output) return;
    if (quirks_.schema == SchemaForm::json_object) {
      body["response_format"] = {{"type", "json_object"}};
    } else if (quirks_.schema == SchemaForm::json_schema) {
      Json schema = parse_or_object(request_.response_schema);
      const bool strict = fits_strict_mode(schema);
      if (strict) schema = closed_schema(request_.response_schema);
      body["response_format"] = {
          {"type", "json_schema"},
          {"json_schema", {{"name", "answer"}, {"strict", strict}, {"schema", std::move(schema)}}}};
    }
  }

  Json tools() const {
    Json list = Json::array();
    for (const auto& tool : request_.tools) {
      list.push_back({{"type", "function"},
                      {"function",
                       {{"name", tool.name},
                        {"description", tool.description},
                        {"parameters", parse_or_object(tool.schema)}}}});
    }
    return list;
  }

  Json messages() const {
    Json list = Json::array();
    for (const auto& message : request_.messages) {
      if (message.role == Role::assistant) {
        list.push_back(assistant(message));
        continue;
      }
      // Results stand directly behind the calls they answer, so before any text of the same
      // message.
      for (const auto& part : message.parts) {
        if (const auto* result = std::get_if<ToolResultPart>(&part)) {
          list.push_back(
              {{"role", "tool"}, {"tool_call_id", ids_.of(*result)}, {"content", result->text}});
        }
      }
      if (Json said = plain(message); !said.is_null()) list.push_back(std::move(said));
      if (marked_.count(&message) != 0 && !list.empty()) mark(list.back());
    }
    return list;
  }

  // On the last part of its content, which then must be a list.
  static void mark(Json& message) {
    Json& content = message["content"];
    if (content.is_string())
      content = Json::array({{{"type", "text"}, {"text", content.get<std::string>()}}});
    if (!content.empty()) content.back()["cache_control"] = {{"type", "ephemeral"}};
  }

  // System and user messages; null when there is nothing to say.
  Json plain(const Message& message) const {
    Json content = Json::array();
    bool only_text = true;
    for (const auto& part : message.parts) {
      if (const auto* text = std::get_if<TextPart>(&part)) {
        content.push_back({{"type", "text"}, {"text", text->text}});
      } else if (const auto* image = std::get_if<ImagePart>(&part)) {
        content.push_back(image_content(*image));
        only_text = false;
      }
    }
    if (content.empty()) return {};
    const char* role = message.role == Role::system ? "system" : "user";
    if (only_text && content.size() == 1)
      return {{"role", role}, {"content", text_of(message.parts)}};
    return {{"role", role}, {"content", std::move(content)}};
  }

  Json assistant(const Message& message) const {
    std::string text;
    Json calls = Json::array();
    Json said = {{"role", "assistant"}, {"content", nullptr}};
    Json thinking;
    for (const auto& part : message.parts) {
      if (const auto* piece = std::get_if<TextPart>(&part)) {
        text += piece->text;
      } else if (const auto* refusal = std::get_if<RefusalPart>(&part)) {
        text += refusal->text;
      } else if (const auto* call = std::get_if<ToolCallPart>(&part)) {
        calls.push_back(
            {{"id", ids_.of(*call)},
             {"type", "function"},
             {"function",
              {{"name", call->name}, {"arguments", sendable_arguments(call->arguments)}}}});
      } else if (const auto* reasoning = std::get_if<ReasoningPart>(&part)) {
        thinking = echo(*reasoning, said);
      }
    }
    if (!thinking.is_null()) {
      said["content"] = Json::array({std::move(thinking)});
      if (!text.empty()) said["content"].push_back({{"type", "text"}, {"text", text}});
    } else if (!text.empty() || calls.empty() || !quirks_.null_content) {
      said["content"] = text;
    }
    if (calls.empty()) {
      said.erase("reasoning_content");
    } else {
      said["tool_calls"] = std::move(calls);
    }
    return said;
  }

  // Puts back what its own origin wants to see again; returns a content part where the reasoning is
  // one.
  Json echo(const ReasoningPart& part, Json& said) const {
    for (const auto& opaque : part.opaque) {
      if (!(opaque.origin == origin_)) continue;
      auto value = parse_json(opaque.json);
      if (!value) continue;
      if (opaque.kind == "reasoning_content" && quirks_.echo == ReasoningEcho::content) {
        said["reasoning_content"] = std::move(*value);
      } else if (opaque.kind == "reasoning_details" && quirks_.echo == ReasoningEcho::details) {
        said["reasoning_details"] = std::move(*value);
      } else if (opaque.kind == "thinking" && quirks_.echo == ReasoningEcho::thinking) {
        return {{"type", "thinking"}, {"thinking", std::move(*value)}};
      }
    }
    return {};
  }

  const ChatRequest& request_;
  const Model& model_;
  const ChatQuirks& quirks_;
  const Origin origin_;
  const WireIds ids_;
  std::set<const Message*> marked_;
};

class ChatCompletions final : public WireDialect {
 public:
  WireRequest encode(const ChatRequest& request, const Model& model,
                     const Provider& provider) const override {
    Encoder encoder(request, model, provider);
    return {"/chat/completions", encoder.headers(), dump_json(encoder.body())};
  }
  std::pair<std::string, std::string> key_header(const std::string& key) const override {
    return {"authorization", "Bearer " + key};
  }
  Decoder decoder(ReplyContext context) const override {
    return Decoder(chat_reader(std::move(context)));
  }
};

}  // namespace

const WireDialect& chat_completions() {
  static const ChatCompletions dialect;
  return dialect;
}

}  // namespace mixagent
