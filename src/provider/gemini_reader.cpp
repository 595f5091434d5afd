#include "base/text.h"
#include "provider/gemini.h"
#include "provider/reply_reader.h"
#include "provider/wire_pieces.h"

#include <array>
#include <charconv>

namespace mixagent {

namespace {

constexpr std::int64_t most_elements = 10'000;

// The place of "$.a.b[2]" in `root`, made where it is missing; null when the path is no such path.
Json* place_in(Json& root, std::string_view path) {
  if (path.empty() || path.front() != '$') return nullptr;
  path.remove_prefix(1);
  Json* at = &root;
  while (!path.empty()) {
    const bool element = path.front() == '[';
    path.remove_prefix(1);
    const auto end = path.find_first_of(element ? "]" : ".[");
    auto name = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + (element ? 1 : 0));
    std::int64_t index = -1;
    if (element) std::from_chars(name.data(), name.data() + name.size(), index);
    if (element && index >= 0 && index < most_elements) {
      if (!at->is_array()) *at = Json::array();
      while (static_cast<std::int64_t>(at->size()) <= index) at->push_back(nullptr);
      at = &(*at)[static_cast<std::size_t>(index)];
    } else {
      if (element && name.size() >= 2) name = name.substr(1, name.size() - 2);  // ['name']
      if (!at->is_object()) *at = Json::object();
      at = &(*at)[std::string(name)];
    }
  }
  return at;
}

// A call that comes in pieces: values at paths, strings in parts.
struct OpenCall {
  Json args = Json::object();
  std::size_t part = 0;  // its place in the reply
};

class GeminiReader final : public ReplyReader {
 public:
  explicit GeminiReader(ReplyContext context) : context_(std::move(context)) {}

  // Without alt=sse a stream is an array of the same chunks.
  void whole(const Json& body) override {
    if (!body.is_array()) return take_chunk(body);
    for (const auto& chunk : body) take_chunk(chunk);
  }
  void event(std::string_view, const Json& data) override { take_chunk(data); }

  // There is no mark for the end: a finish word may be followed by more.
  bool complete() const override { return false; }

  ReadReply result() override {
    ReadReply read;
    read.ended = ended_;
    read.error_json = error_json_;
    read.reply = std::move(reply_);
    read.reply.origin = context_.origin;
    put_usage(read.reply.usage);
    read.reply.stop = stop_of(read.reply);
    return read;
  }

 private:
  void take_chunk(const Json& chunk) {
    if (!member(chunk, "error").is_null() && error_json_.empty()) error_json_ = dump_json(chunk);
    if (auto id = text_member(chunk, "responseId"); !id.empty()) reply_.response_id = std::move(id);
    if (auto model = text_member(chunk, "modelVersion"); !model.empty())
      reply_.served_model = std::move(model);
    if (const Json& usage = member(chunk, "usageMetadata"); usage.is_object()) {
      for (const auto& [key, value] : usage.items()) usage_[key] = value;
    }
    if (auto reason = text_member(member(chunk, "promptFeedback"), "blockReason");
        !reason.empty()) {
      reply_.raw_stop = std::move(reason);
      blocked_ = ended_ = true;
    }
    const Json& candidates = member(chunk, "candidates");
    if (!candidates.is_array()) return;
    for (const auto& candidate : candidates) {
      if (int_or(candidate, "index") != 0) continue;
      if (const Json& parts = member(member(candidate, "content"), "parts"); parts.is_array()) {
        for (const auto& part : parts) take_part(part);
      }
      const Json& word = member(candidate, "finishReason");
      if (word.is_null()) continue;
      reply_.raw_stop = scalar_text(word);
      ended_ = true;
    }
  }

  void take_part(const Json& part) {
    std::vector<Opaque> signature;
    for (const char* name : {"thoughtSignature", "thought_signature"}) {
      const Json& value = member(part, name);
      if (value.is_string())
        signature.push_back({context_.origin, "thought_signature", dump_json(value)});
    }
    if (const Json& call = member(part, "functionCall"); call.is_object()) {
      take_call(call, std::move(signature));
    } else if (member(part, "text").is_string()) {
      const Json& thought = member(part, "thought");
      take_text(text_member(part, "text"), thought.is_boolean() && thought.get<bool>(),
                std::move(signature));
    } else if (part.is_object() && !part.empty()) {
      reply_.parts.emplace_back(RawPart{{context_.origin, "item", dump_json(part)}});
    }
  }

  // Pieces of a stream are joined, but never across a signature: it belongs to exactly its part.
  void take_text(const std::string& text, bool thought, std::vector<Opaque> signature) {
    if (text.empty() && signature.empty()) return;
    if (!thought && context_.on_delta && !text.empty()) context_.on_delta(text);
    const bool joins = signature.empty() && !reply_.parts.empty();
    if (thought) {
      auto* last = joins ? std::get_if<ReasoningPart>(&reply_.parts.back()) : nullptr;
      if (last != nullptr && last->opaque.empty()) {
        last->text += text;
      } else {
        reply_.parts.emplace_back(ReasoningPart{text, false, std::move(signature)});
      }
      return;
    }
    auto* last = joins ? std::get_if<TextPart>(&reply_.parts.back()) : nullptr;
    if (last != nullptr && last->opaque.empty()) {
      last->text += text;
    } else {
      reply_.parts.emplace_back(TextPart{text, std::move(signature)});
    }
  }

  void take_call(const Json& call, std::vector<Opaque> signature) {
    const auto name = text_member(call, "name");
    if (!open_ || !name.empty()) {
      const Json& args = member(call, "args");
      open_ = OpenCall{args.is_object() ? args : Json::object(), reply_.parts.size()};
      reply_.parts.emplace_back(ToolCallPart{
          own_call_id(context_.calls_so_far++), text_member(call, "id"), name, "{}", {}});
    }
    auto& part = std::get<ToolCallPart>(reply_.parts[open_->part]);
    for (auto& item : signature) part.opaque.push_back(std::move(item));
    if (const Json& pieces = member(call, "partialArgs"); pieces.is_array()) {
      for (const auto& piece : pieces) take_argument(open_->args, piece);
    }
    part.arguments = dump_json(open_->args);
    const Json& more = member(call, "willContinue");
    if (!more.is_boolean() || !more.get<bool>()) open_.reset();
  }

  static void take_argument(Json& args, const Json& piece) {
    Json* place = place_in(args, text_member(piece, "jsonPath"));
    if (place == nullptr) return;
    if (const Json& text = member(piece, "stringValue"); text.is_string()) {
      *place = (place->is_string() ? place->get<std::string>() : std::string()) +
               text.get<std::string>();
    } else if (const Json& number = member(piece, "numberValue"); number.is_number()) {
      *place = number;
    } else if (const Json& flag = member(piece, "boolValue"); flag.is_boolean()) {
      *place = flag;
    } else if (piece.contains("nullValue")) {
      *place = nullptr;
    }
  }

  void put_usage(Usage& usage) const {
    if (usage_.empty()) return;
    usage.reported = true;
    usage.input = int_or(usage_, "promptTokenCount") + int_or(usage_, "toolUsePromptTokenCount");
    usage.reasoning = int_or(usage_, "thoughtsTokenCount");
    usage.output = int_or(usage_, "candidatesTokenCount") + usage.reasoning;
    usage.cached_input = int_or(usage_, "cachedContentTokenCount");
  }

  // Words, or their numbers where enums are sent as such.
  StopReason stop_of(const ChatReply& reply) const {
    const auto& word = reply.raw_stop;
    const auto is_one_of = [&word](std::initializer_list<std::string_view> words) {
      for (const auto candidate : words) {
        if (word == candidate) return true;
      }
      return false;
    };
    if (blocked_) return StopReason::content_filter;
    if (is_one_of({"MAX_TOKENS", "2"})) return StopReason::length;
    if (is_one_of({"SAFETY", "3", "RECITATION", "4", "BLOCKLIST", "7", "PROHIBITED_CONTENT", "8",
                   "SPII", "9", "IMAGE_SAFETY", "11", "MODEL_ARMOR"})) {
      return StopReason::content_filter;
    }
    if (is_one_of({"MALFORMED_FUNCTION_CALL", "10", "UNEXPECTED_TOOL_CALL", "12",
                   "TOO_MANY_TOOL_CALLS"})) {
      return StopReason::error;
    }
    if (!calls_of(reply.parts).empty()) return StopReason::tool_calls;
    return is_one_of({"STOP", "1"}) ? StopReason::stop : StopReason::unknown;
  }

  ReplyContext context_;
  ChatReply reply_;
  Json usage_ = Json::object();
  std::optional<OpenCall> open_;
  std::string error_json_;
  bool blocked_ = false, ended_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> gemini_reader(ReplyContext context) {
  return std::make_unique<GeminiReader>(std::move(context));
}

}  // namespace mixagent
