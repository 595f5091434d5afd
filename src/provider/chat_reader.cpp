#include "provider/chat_reader.h"

#include "base/text.h"
#include "provider/chat_quirks.h"
#include "provider/wire_pieces.h"

#include <algorithm>

namespace mixagent {

namespace {

struct OpenCall {
  std::optional<std::int64_t> index;
  std::string wire_id, name, arguments;
};

// Streamed reasoning_details: pieces of one entry share type and index; text grows, the other
// fields come once.
void merge_details(Json& all, const Json& pieces) {
  for (const auto& piece : pieces) {
    if (!piece.is_object()) continue;
    const bool joins = !all.empty() && member(all.back(), "type") == member(piece, "type") &&
                       member(all.back(), "index") == member(piece, "index") &&
                       (member(piece, "id").is_null() || member(all.back(), "id").is_null() ||
                        member(piece, "id") == member(all.back(), "id"));
    if (!joins) {
      all.push_back(piece);
      continue;
    }
    Json& last = all.back();
    for (const auto& [key, value] : piece.items()) {
      const bool grows = key == "text" || key == "summary" || key == "data";
      if (grows && value.is_string() && last.contains(key) && last[key].is_string()) {
        last[key] = last[key].get<std::string>() + value.get<std::string>();
      } else if (!value.is_null()) {
        last[key] = value;
      }
    }
  }
}

std::string text_of_details(const Json& details) {
  std::string text;
  for (const auto& entry : details) {
    text += text_member(entry, "text");
    text += text_member(entry, "summary");
  }
  return text;
}

// The first count that is there: cousins put the same figure in different places.
std::int64_t first_count(std::initializer_list<std::pair<const Json*, std::string_view>> places) {
  for (const auto& [object, name] : places) {
    if (member(*object, name).is_number()) return int_or(*object, name);
  }
  return 0;
}

// "<think>...</think>answer" from servers that do not part the two themselves.
std::string take_inline_thoughts(std::string& text) {
  static constexpr std::string_view open = "<think>", close = "</think>";
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string::npos || text.compare(start, open.size(), open) != 0) return {};
  const auto end = text.find(close, start);
  const auto begin = start + open.size();
  std::string thoughts = text.substr(begin, end == std::string::npos ? end : end - begin);
  text.erase(0, end == std::string::npos ? text.size() : end + close.size());
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  return thoughts;
}

class ChatReader final : public ReplyReader {
 public:
  explicit ChatReader(ReplyContext context)
      : context_(std::move(context)),
        quirks_(chat_quirks(context_.origin.provider, context_.base_url)) {}

  void whole(const Json& body) override {
    whole_ = true;
    take_head(body);
    const Json& choices = member(body, "choices");
    if (!choices.is_array() || choices.empty()) return;
    const Json& choice = choices.front();
    take_choice_end(choice);
    take_message(member(choice, "message"));
    ended_ = member(choice, "message").is_object() || !reply_.raw_stop.empty();
    // Written out but empty: servers that fill in every field.
    if (reply_.raw_stop.empty() && member(choice, "finish_reason").is_string()) empty_word_ = true;
  }

  void event(std::string_view name, const Json& data) override {
    take_head(data);
    if (name == "error" && error_json_.empty()) error_json_ = dump_json(data);
    const Json& choices = member(data, "choices");
    if (!choices.is_array()) return;
    for (const auto& choice : choices) {
      if (int_or(choice, "index") != 0) continue;
      const Json& delta = member(choice, "delta");
      take_message(delta.is_object() ? delta : member(choice, "message"));
      take_choice_end(choice);
      if (!text_member(choice, "finish_reason").empty()) ended_ = true;
    }
  }

  void done_marker() override { done_ = ended_ = true; }
  bool complete() const override { return done_ && error_json_.empty(); }

  ReadReply result() override {
    ReadReply read;
    read.ended = ended_;
    read.error_json = error_json_;
    read.reply = std::move(reply_);
    read.reply.origin = context_.origin;
    put_parts(read.reply);
    put_usage(read.reply.usage);
    read.reply.stop = stop_of(read.reply);
    return read;
  }

 private:
  void take_head(const Json& body) {
    if (reply_.response_id.empty()) reply_.response_id = string_or(body, "id");
    if (reply_.served_model.empty()) reply_.served_model = string_or(body, "model");
    take_usage(member(body, "usage"));
    take_usage(member(member(body, "x_groq"), "usage"));
    if (const Json& timings = member(body, "timings"); timings.is_object()) timings_ = timings;
    take_error(body);
  }

  // The last report counts; some send one with every chunk.
  void take_usage(const Json& usage) {
    if (usage.is_object() && !usage.empty()) usage_ = usage;
  }

  void take_error(const Json& holder) {
    const Json& error = member(holder, "error");
    const bool used = (error.is_object() && !error.empty()) ||
                      (error.is_string() && !string_or(holder, "error").empty());
    if (used && error_json_.empty()) error_json_ = dump_json(Json{{"error", error}});
    const bool bare = !holder.contains("choices") && text_member(holder, "object") == "error";
    if (bare && error_json_.empty()) error_json_ = dump_json(holder);
  }

  void take_choice_end(const Json& choice) {
    take_error(choice);
    if (auto word = text_member(choice, "finish_reason"); !word.empty())
      reply_.raw_stop = std::move(word);
    take_usage(member(choice, "usage"));
  }

  void take_message(const Json& message) {
    if (!message.is_object()) return;
    take_content(member(message, "content"));
    reasoning_content_ += text_member(message, "reasoning_content");
    reasoning_ += text_member(message, "reasoning");
    if (const Json& details = member(message, "reasoning_details"); details.is_array()) {
      merge_details(details_, details);
    }
    refusal_ += text_member(message, "refusal");
    if (const Json& calls = member(message, "tool_calls"); calls.is_array()) {
      for (const auto& call : calls) take_call(call);
    }
    if (const Json& call = member(message, "function_call");
        !text_member(call, "name").empty() || !text_member(call, "arguments").empty()) {
      legacy_.name += text_member(call, "name");
      legacy_.arguments += arguments_text(member(call, "arguments"));
    }
  }

  void take_content(const Json& content) {
    if (content.is_string()) {
      add_text(content.get<std::string>());
    } else if (content.is_object()) {
      add_text(dump_json(content));  // JSON mode of servers that parse it themselves
    } else if (content.is_array()) {
      for (const auto& part : content) {
        const auto type = text_member(part, "type");
        if (type == "text") add_text(text_member(part, "text"));
        if (type == "thinking") take_thinking(member(part, "thinking"));
      }
    }
  }

  void take_thinking(const Json& thinking) {
    if (thinking.is_string()) thinking_ += thinking.get<std::string>();
    if (!thinking.is_array()) return;
    for (const auto& piece : thinking) thinking_ += text_member(piece, "text");
  }

  void add_text(const std::string& text) {
    text_ += text;
    if (context_.on_delta && !text.empty()) context_.on_delta(text);
  }

  void take_call(const Json& piece) {
    const bool custom = text_member(piece, "type") == "custom" ||
                        !text_member(member(piece, "custom"), "name").empty();
    const Json& function = member(piece, custom ? "custom" : "function");
    const auto id = text_member(piece, "id");
    const auto name = text_member(function, "name");
    OpenCall& call = call_for(piece, id, name);
    if (call.wire_id.empty()) call.wire_id = id;
    if (call.name.empty()) call.name = name;  // later deltas repeat it, whole or empty
    call.arguments += arguments_text(member(function, custom ? "input" : "arguments"));
  }

  // Which call a delta belongs to: by its index; without one by its id, else the last. A new id
  // together with a name under a known index is a new call.
  OpenCall& call_for(const Json& piece, const std::string& id, const std::string& name) {
    std::optional<std::int64_t> index;
    if (const Json& given = member(piece, "index"); given.is_number_integer())
      index = given.get<std::int64_t>();
    for (auto call = calls_.rbegin(); call != calls_.rend() && !whole_; ++call) {
      const bool same_id = id.empty() || call->wire_id.empty() || call->wire_id == id;
      if (index ? call->index == index : (id.empty() ? name.empty() : call->wire_id == id)) {
        if (index && !same_id && !name.empty()) break;
        return *call;
      }
    }
    calls_.push_back({index, {}, {}, {}});
    return calls_.back();
  }

  void put_parts(ChatReply& reply) {
    std::string inline_thoughts = take_inline_thoughts(text_);
    put_reasoning(reply, inline_thoughts);
    if (!text_.empty()) reply.parts.emplace_back(TextPart{text_, {}});
    if (!refusal_.empty()) reply.parts.emplace_back(RefusalPart{refusal_});
    if (!legacy_.name.empty()) calls_.push_back(legacy_);
    // Deltas of parallel calls may start out of order; their indices say which comes first.
    const bool numbered = std::all_of(calls_.begin(), calls_.end(),
                                      [](const OpenCall& call) { return call.index.has_value(); });
    if (numbered && !whole_) {
      std::stable_sort(calls_.begin(), calls_.end(),
                       [](const OpenCall& a, const OpenCall& b) { return *a.index < *b.index; });
    }
    for (auto& call : calls_) {
      if (call.name.empty() && call.arguments.empty()) continue;
      if (trim(call.arguments).empty()) call.arguments = "{}";
      reply.parts.emplace_back(ToolCallPart{own_call_id(context_.calls_so_far++),
                                            call.wire_id,
                                            call.name,
                                            std::move(call.arguments),
                                            {}});
    }
  }

  // Gateways send the same thoughts in several fields: one is taken, never the sum.
  void put_reasoning(ChatReply& reply, const std::string& inline_thoughts) {
    ReasoningPart part;
    if (!reasoning_content_.empty()) {
      part.text = reasoning_content_;
      part.opaque.push_back(
          {context_.origin, "reasoning_content", dump_json(Json(reasoning_content_))});
    } else if (!reasoning_.empty()) {
      part.text = reasoning_;
    } else if (!thinking_.empty()) {
      part.text = thinking_;
      const Json echo = Json::array({{{"type", "text"}, {"text", thinking_}}});
      part.opaque.push_back({context_.origin, "thinking", dump_json(echo)});
    } else {
      part.text = text_of_details(details_);
    }
    if (part.text.empty()) part.text = inline_thoughts;
    if (!details_.empty()) {
      part.redacted = part.text.empty();
      part.opaque.push_back({context_.origin, "reasoning_details", dump_json(details_)});
    }
    if (!part.text.empty() || !part.opaque.empty()) reply.parts.emplace_back(std::move(part));
  }

  void put_usage(Usage& usage) const {
    if (usage_.is_null()) {
      if (timings_.is_null()) return;
      usage.reported = true;
      usage.cached_input = int_or(timings_, "cache_n");
      usage.input = int_or(timings_, "prompt_n") + usage.cached_input;
      usage.output = int_or(timings_, "predicted_n");
      return;
    }
    const Json& input = member(usage_, "prompt_tokens_details");
    const Json& output = member(usage_, "completion_tokens_details");
    usage.reported = true;
    usage.input = int_or(usage_, "prompt_tokens");
    usage.output = int_or(usage_, "completion_tokens");
    usage.cached_input = first_count({{&input, "cached_tokens"},
                                      {&usage_, "prompt_cache_hit_tokens"},
                                      {&usage_, "cached_tokens"},
                                      {&usage_, "num_cached_tokens"}});
    usage.cache_write = int_or(input, "cache_write_tokens");
    usage.reasoning = int_or(output, "reasoning_tokens", int_or(usage_, "reasoning_tokens"));
    const auto total = int_or(usage_, "total_tokens");
    if (const auto rest = total - usage.input - usage.output; rest > 0) {
      // Hidden or separate reasoning; or the length of spoken input.
      (usage_.contains("prompt_audio_seconds") ? usage.input : usage.output) += rest;
    } else if (total == 0 && quirks_.reasoning_outside) {
      usage.output += usage.reasoning;
    }
    const Json& cost = member(usage_, "cost");
    const Json& own_key = member(usage_, "is_byok");
    if (quirks_.reports_cost && cost.is_number() &&
        !(own_key.is_boolean() && own_key.get<bool>())) {
      if (const auto money = money_from_usd(cost.get<double>())) usage.reported_cost = *money;
    }
  }

  StopReason stop_of(const ChatReply& reply) const {
    const auto& word = reply.raw_stop;
    const bool calls = !calls_of(reply.parts).empty();
    if (word == "length" || word == "model_length" || word == "max_tokens")
      return StopReason::length;
    if (word == "content_filter") return StopReason::content_filter;
    if (word == "error" || word == "insufficient_system_resource" || word == "abort")
      return StopReason::error;
    if (calls) return StopReason::tool_calls;
    if (!refusal_.empty()) return StopReason::content_filter;
    if (word == "stop" || word == "eos" || word == "tool_calls" || word == "function_call")
      return StopReason::stop;
    return empty_word_ ? StopReason::stop : StopReason::unknown;
  }

  ReplyContext context_;
  const ChatQuirks& quirks_;
  ChatReply reply_;
  std::string text_, reasoning_content_, reasoning_, thinking_, refusal_;
  Json details_ = Json::array();
  std::vector<OpenCall> calls_;
  OpenCall legacy_;
  Json usage_, timings_;
  std::string error_json_;
  bool whole_ = false, ended_ = false, done_ = false, empty_word_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> chat_reader(ReplyContext context) {
  return std::make_unique<ChatReader>(std::move(context));
}

}  // namespace mixagent
