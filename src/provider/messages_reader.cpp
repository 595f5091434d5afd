#include "base/text.h"
#include "provider/messages.h"
#include "provider/reply_reader.h"
#include "provider/wire_pieces.h"

#include <algorithm>

namespace mixagent {

namespace {

// A content block, whole or as far as its deltas have come.
struct Block {
  std::int64_t index = 0;
  Json json;
  std::string input;  // partial_json pieces
};

void append_to(Json& object, const char* name, const std::string& text) {
  object[name] = text_member(object, name) + text;
}

class MessagesReader final : public ReplyReader {
 public:
  explicit MessagesReader(ReplyContext context) : context_(std::move(context)) {}

  void whole(const Json& body) override {
    if (text_member(body, "type") == "error" || member(body, "error").is_object())
      error_json_ = dump_json(body);
    take_message(body);
    const Json& content = member(body, "content");
    if (!content.is_array()) return;
    ended_ = true;
    for (const auto& block : content) blocks_.push_back({0, block, {}});
  }

  void event(std::string_view name, const Json& data) override {
    const auto type = text_member(data, "type");
    if (type == "message_start") {
      blocks_.clear();  // a server that starts over has taken back what it said
      take_message(member(data, "message"));
    } else if (type == "content_block_start") {
      blocks_.push_back({int_or(data, "index"), member(data, "content_block"), {}});
      show(text_member(member(data, "content_block"), "text"));
    } else if (type == "content_block_delta") {
      take_delta(block_at(int_or(data, "index")), member(data, "delta"));
    } else if (type == "message_delta") {
      take_stop(member(data, "delta"));
      take_usage(member(data, "usage"));
    } else if (type == "message_stop") {
      done_ = ended_ = true;
    } else if (type == "error" || name == "error") {
      if (error_json_.empty()) error_json_ = dump_json(data);
    }
  }

  bool complete() const override { return done_ && error_json_.empty(); }

  ReadReply result() override {
    ReadReply read;
    read.ended = ended_;
    read.error_json = error_json_;
    read.reply = std::move(reply_);
    read.reply.origin = context_.origin;
    // Blocks may begin out of order; their indices say which comes first.
    std::stable_sort(blocks_.begin(), blocks_.end(),
                     [](const Block& a, const Block& b) { return a.index < b.index; });
    for (auto& block : blocks_) put_part(read.reply, block);
    put_usage(read.reply.usage);
    read.reply.stop = stop_of(read.reply);
    return read;
  }

 private:
  void take_message(const Json& message) {
    reply_.response_id = text_member(message, "id");
    reply_.served_model = text_member(message, "model");
    take_stop(message);
    take_usage(member(message, "usage"));
  }

  void take_stop(const Json& holder) {
    auto word = text_member(holder, "stop_reason");
    if (word.empty()) return;
    reply_.raw_stop = std::move(word);
    ended_ = true;
  }

  // Later reports correct earlier ones; a zero is only a field that was not filled in.
  void take_usage(const Json& usage) {
    if (!usage.is_object()) return;
    reported_ = true;
    for (const auto& [key, value] : usage.items()) {
      const bool empty =
          value.is_null() || (value.is_number() && value == 0 && usage_.contains(key));
      if (!empty) usage_[key] = value;
    }
  }

  // The last block that was started under this index.
  Block& block_at(std::int64_t index) {
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
      if (block->index == index) return *block;
    }
    blocks_.push_back({index, Json::object(), {}});
    return blocks_.back();
  }

  void take_delta(Block& block, const Json& delta) {
    const auto type = text_member(delta, "type");
    if (type == "text_delta") {
      append_to(block.json, "text", text_member(delta, "text"));
      show(text_member(delta, "text"));
    } else if (type == "thinking_delta") {
      append_to(block.json, "thinking", text_member(delta, "thinking"));
    } else if (type == "signature_delta") {
      append_to(block.json, "signature", text_member(delta, "signature"));
    } else if (type == "input_json_delta") {
      block.input += text_member(delta, "partial_json");
    } else if (type == "compaction_delta") {
      append_to(block.json, "content", text_member(delta, "content"));
    } else if (type == "citations_delta") {
      block.json["citations"].push_back(member(delta, "citation"));
    }
  }

  void show(const std::string& text) const {
    if (context_.on_delta && !text.empty()) context_.on_delta(text);
  }

  void put_part(ChatReply& reply, Block& block) {
    const auto type = text_member(block.json, "type");
    if (type == "text") {
      reply.parts.emplace_back(TextPart{text_member(block.json, "text"), {}});
    } else if (type == "thinking") {
      const Json signature = member(block.json, "signature");
      ReasoningPart part{text_member(block.json, "thinking"), false, {}};
      if (signature.is_string())
        part.opaque.push_back({context_.origin, "signature", dump_json(signature)});
      reply.parts.emplace_back(std::move(part));
    } else if (type == "redacted_thinking") {
      reply.parts.emplace_back(
          ReasoningPart{"", true, {{context_.origin, "item", dump_json(block.json)}}});
    } else if (type == "tool_use") {
      auto arguments =
          trim(block.input).empty() ? arguments_text(member(block.json, "input")) : block.input;
      if (trim(arguments).empty()) arguments = "{}";
      reply.parts.emplace_back(ToolCallPart{own_call_id(context_.calls_so_far++),
                                            text_member(block.json, "id"),
                                            text_member(block.json, "name"),
                                            std::move(arguments),
                                            {}});
    } else if (block.json.is_object()) {
      // Blocks of tools that the provider runs itself, and those yet to be invented.
      if (!block.input.empty()) block.json["input"] = parse_or_object(block.input);
      reply.parts.emplace_back(RawPart{{context_.origin, "item", dump_json(block.json)}});
    }
  }

  void put_usage(Usage& usage) const {
    if (!reported_) return;
    usage.reported = true;
    usage.cached_input = int_or(usage_, "cache_read_input_tokens");
    usage.cache_write = int_or(usage_, "cache_creation_input_tokens");
    usage.input = int_or(usage_, "input_tokens") + usage.cached_input + usage.cache_write;
    usage.output = int_or(usage_, "output_tokens");
    usage.reasoning = int_or(member(usage_, "output_tokens_details"), "thinking_tokens");
  }

  StopReason stop_of(const ChatReply& reply) const {
    const auto& word = reply.raw_stop;
    if (word == "max_tokens" || word == "model_context_window_exceeded") return StopReason::length;
    if (word == "refusal") return StopReason::content_filter;
    if (word == "pause_turn" || word == "compaction") return StopReason::pause;
    if (!calls_of(reply.parts).empty()) return StopReason::tool_calls;
    if (word == "end_turn" || word == "stop_sequence" || word == "tool_use")
      return StopReason::stop;
    return StopReason::unknown;
  }

  ReplyContext context_;
  ChatReply reply_;
  std::vector<Block> blocks_;
  Json usage_ = Json::object();
  bool reported_ = false, ended_ = false, done_ = false;
  std::string error_json_;
};

}  // namespace

std::unique_ptr<ReplyReader> messages_reader(ReplyContext context) {
  return std::make_unique<MessagesReader>(std::move(context));
}

}  // namespace mixagent
