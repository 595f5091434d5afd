#include "provider/messages.h"

#include "base/text.h"
#include "provider/reply_reader.h"
#include "provider/wire_pieces.h"

#include <algorithm>
#include <cctype>

namespace mixagent {

namespace {

constexpr std::int64_t least_thinking = 1'024;

// Since 4.6 a model decides itself how long it thinks; before, it takes a number of tokens.
bool thinks_adaptively(std::string_view id) {
  // claude-NAME-MAJOR-MINOR; the date of a snapshot is no version.
  std::vector<int> numbers;
  for (const auto& word : split(id, '-')) {
    const bool number =
        !word.empty() && word.size() <= 2 &&
        std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (number) numbers.push_back(std::stoi(word));
  }
  if (numbers.empty()) return false;
  return numbers[0] > 4 || (numbers[0] == 4 && numbers.size() > 1 && numbers[1] >= 6);
}

std::int64_t thinking_tokens(const std::string& effort, std::int64_t max_tokens) {
  const std::int64_t wanted = effort == "low" ? 2'048 : effort == "medium" ? 8'192 : 16'384;
  return std::min(wanted, max_tokens / 2);
}

std::string letters_and_digits(const std::string& id) {
  std::string shaped = id;
  for (char& c : shaped) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-') c = '_';
  }
  return shaped;
}

Json image_block(const ImagePart& image) {
  if (!image.url.empty())
    return {{"type", "image"}, {"source", {{"type", "url"}, {"url", image.url}}}};
  return {{"type", "image"},
          {"source", {{"type", "base64"}, {"media_type", image.mime}, {"data", image.base64}}}};
}

bool calls_without_thought(const Json& blocks) {
  const auto type = string_or(blocks.front(), "type");
  if (type == "thinking" || type == "redacted_thinking") return false;
  return std::any_of(blocks.begin(), blocks.end(),
                     [](const Json& block) { return string_or(block, "type") == "tool_use"; });
}

class Encoder {
 public:
  Encoder(const ChatRequest& request, const Model& model, const Provider& provider)
      : request_(request),
        model_(model),
        origin_{provider.dialect, provider.name, model.name},
        ids_(request.messages, letters_and_digits),
        marked_(marked_messages(request.messages)) {}

  Json body() {
    const auto max_tokens = request_.max_output > 0 ? request_.max_output : model_.max_output;
    Json body = {{"model", model_.id.empty() ? model_.name : model_.id},
                 {"max_tokens", max_tokens}};
    Json conversation = Json::array(), system = Json::array();
    for (const auto& message : request_.messages) {
      // Instructions in the middle of a conversation have no place of their own.
      const bool leading = message.role == Role::system && conversation.empty();
      if (leading) {
        add_blocks(system, message);
        mark(system, message);
      } else {
        add_turn(conversation, message);
      }
    }
    if (!system.empty()) body["system"] = std::move(system);
    body["messages"] = std::move(conversation);
    if (!request_.tools.empty()) body["tools"] = tools();
    put_thinking(body, max_tokens);
    if (request_.temperature && !body.contains("thinking"))
      body["temperature"] = *request_.temperature;
    if (!request_.response_schema.empty() && model_.structured_output) {
      body["output_config"]["format"] = {{"type", "json_schema"},
                                         {"schema", closed_schema(request_.response_schema)}};
    }
    body["stream"] = true;
    return body;
  }

 private:
  // Turns must alternate, so what one side says in a row is one message.
  void add_turn(Json& conversation, const Message& message) {
    const char* role = message.role == Role::assistant ? "assistant" : "user";
    Json blocks = Json::array();
    add_blocks(blocks, message);
    if (blocks.empty()) return;
    mark(blocks, message);
    if (conversation.empty() || conversation.back()["role"] != role) {
      conversation.push_back({{"role", role}, {"content", std::move(blocks)}});
      return;
    }
    for (auto& block : blocks) conversation.back()["content"].push_back(std::move(block));
  }

  void add_blocks(Json& blocks, const Message& message) {
    // Results must come before anything else that the user says.
    for (const auto& part : message.parts) {
      if (const auto* result = std::get_if<ToolResultPart>(&part))
        blocks.push_back(result_block(*result));
    }
    for (const auto& part : message.parts) {
      Json block = block_of(part);
      if (!block.is_null()) blocks.push_back(std::move(block));
    }
  }

  Json result_block(const ToolResultPart& result) const {
    Json block = {
        {"type", "tool_result"}, {"tool_use_id", ids_.of(result)}, {"content", result.text}};
    if (result.is_error) block["is_error"] = true;
    return block;
  }

  // Null for what is not sent: other origins' thoughts, blank text (which is refused).
  Json block_of(const Part& part) const {
    if (const auto* text = std::get_if<TextPart>(&part)) {
      if (trim(text->text).empty()) return {};
      return {{"type", "text"}, {"text", text->text}};
    }
    if (const auto* refusal = std::get_if<RefusalPart>(&part)) {
      if (trim(refusal->text).empty()) return {};
      return {{"type", "text"}, {"text", refusal->text}};
    }
    if (const auto* image = std::get_if<ImagePart>(&part)) return image_block(*image);
    if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      return {{"type", "tool_use"},
              {"id", ids_.of(*call)},
              {"name", call->name},
              {"input", parse_or_object(call->arguments)}};
    }
    if (const auto* reasoning = std::get_if<ReasoningPart>(&part)) {
      Json signature = opaque_for(origin_, reasoning->opaque, "signature");
      if (!signature.is_null()) {
        return {{"type", "thinking"},
                {"thinking", reasoning->text},
                {"signature", std::move(signature)}};
      }
      return opaque_for(origin_, reasoning->opaque, "item");
    }
    if (const auto* raw = std::get_if<RawPart>(&part))
      return opaque_for(origin_, {raw->opaque}, "item");
    return {};
  }

  void mark(Json& blocks, const Message& message) const {
    if (blocks.empty() || marked_.count(&message) == 0) return;
    // Thoughts cannot carry a mark; they stand before something that can.
    const auto type = string_or(blocks.back(), "type");
    if (type != "thinking" && type != "redacted_thinking")
      blocks.back()["cache_control"] = {{"type", "ephemeral"}};
  }

  Json tools() const {
    Json list = Json::array();
    for (const auto& tool : request_.tools) {
      list.push_back({{"name", tool.name},
                      {"description", tool.description},
                      {"input_schema", parse_or_object(tool.schema)}});
    }
    return list;
  }

  void put_thinking(Json& body, std::int64_t max_tokens) const {
    if (request_.reasoning_effort.empty() || !model_.reasoning) return;
    if (thinks_adaptively(model_.id.empty() ? model_.name : model_.id)) {
      body["thinking"] = {{"type", "adaptive"}};
      body["output_config"]["effort"] = request_.reasoning_effort;
      return;
    }
    // Calls of turns that came without thoughts (from a fallback, say) would be refused.
    for (const auto& message : body["messages"]) {
      if (calls_without_thought(message["content"])) return;
    }
    const auto budget = thinking_tokens(request_.reasoning_effort, max_tokens);
    if (budget >= least_thinking)
      body["thinking"] = {{"type", "enabled"}, {"budget_tokens", budget}};
  }

  const ChatRequest& request_;
  const Model& model_;
  const Origin origin_;
  const WireIds ids_;
  const std::set<const Message*> marked_;
};

class Messages final : public WireDialect {
 public:
  WireRequest encode(const ChatRequest& request, const Model& model,
                     const Provider& provider) const override {
    return {"/messages",
            {{"content-type", "application/json"},
             {"accept", "text/event-stream"},
             {"anthropic-version", "2023-06-01"}},
            dump_json(Encoder(request, model, provider).body())};
  }
  std::pair<std::string, std::string> key_header(const std::string& key) const override {
    return {"x-api-key", key};
  }
  Decoder decoder(ReplyContext context) const override {
    return Decoder(messages_reader(std::move(context)));
  }
};

}  // namespace

const WireDialect& messages() {
  static const Messages dialect;
  return dialect;
}

}  // namespace mixagent
