#include "base/text.h"
#include "provider/reply_reader.h"
#include "provider/responses.h"
#include "provider/wire_pieces.h"

#include <map>

namespace mixagent {

namespace {

std::string joined_texts(const Json& list) {
  std::string text;
  if (!list.is_array()) return text;
  for (const auto& entry : list) text += text_member(entry, "text");
  return text;
}

class ResponsesReader final : public ReplyReader {
 public:
  explicit ResponsesReader(ReplyContext context) : context_(std::move(context)) {}

  void whole(const Json& body) override {
    take_response(body);
    ended_ = final_status();
    if (const Json& error = member(body, "error"); ended_ ? status_ == "failed" : !error.is_null())
      keep_error(body);
  }

  void event(std::string_view, const Json& data) override {
    const auto type = text_member(data, "type");
    if (type == "response.output_item.added" || type == "response.output_item.done") {
      items_[int_or(data, "output_index")] = member(data, "item");
    } else if (type == "response.output_text.delta") {
      const auto text = text_member(data, "delta");
      if (context_.on_delta && !text.empty()) context_.on_delta(text);
    } else if (type == "response.function_call_arguments.delta") {
      Json& item = items_[int_or(data, "output_index")];
      item["arguments"] = text_member(item, "arguments") + text_member(data, "delta");
    } else if (type == "response.completed" || type == "response.incomplete") {
      take_response(member(data, "response"));
      done_ = ended_ = true;
    } else if (type == "response.failed") {
      take_response(member(data, "response"));
      keep_error(member(data, "response"));
    } else if (type == "error") {
      keep_error(data);
    }
  }

  bool complete() const override { return done_ && error_json_.empty(); }

  ReadReply result() override {
    ReadReply read;
    read.ended = ended_;
    read.error_json = error_json_;
    read.reply = std::move(reply_);
    read.reply.origin = context_.origin;
    for (const auto& [index, item] : items_) put_item(read.reply, item);
    put_usage(read.reply.usage);
    read.reply.stop = stop_of(read.reply);
    return read;
  }

 private:
  void take_response(const Json& response) {
    reply_.response_id = text_member(response, "id");
    reply_.served_model = text_member(response, "model");
    status_ = text_member(response, "status");
    reply_.raw_stop = status_;
    if (auto reason = text_member(member(response, "incomplete_details"), "reason");
        !reason.empty()) {
      reply_.raw_stop += ":" + reason;
    }
    usage_ = member(response, "usage");
    // Some servers leave the list empty at the end: then the items that were announced count.
    const Json& output = member(response, "output");
    if (!output.is_array() || output.empty()) return;
    items_.clear();
    for (const auto& item : output) items_[static_cast<std::int64_t>(items_.size())] = item;
  }

  bool final_status() const {
    return status_ == "completed" || status_ == "complete" || status_ == "incomplete" ||
           status_ == "failed" || status_ == "cancelled";
  }

  void keep_error(const Json& holder) {
    if (!error_json_.empty()) return;
    const Json& error = member(holder, "error");
    error_json_ = dump_json(error.is_null() ? holder : Json{{"error", error}});
  }

  void put_item(ChatReply& reply, const Json& item) {
    const auto type = text_member(item, "type");
    if (type == "message") {
      put_message(reply, member(item, "content"));
    } else if (type == "reasoning") {
      auto text = joined_texts(member(item, "summary"));
      if (text.empty()) text = joined_texts(member(item, "content"));
      const bool hidden = text.empty();
      reply.parts.emplace_back(
          ReasoningPart{std::move(text), hidden, {{context_.origin, "item", dump_json(item)}}});
    } else if (type == "function_call" || type == "custom_tool_call") {
      auto arguments =
          arguments_text(member(item, type == "function_call" ? "arguments" : "input"));
      if (trim(arguments).empty()) arguments = "{}";
      // call_id is what a result refers to; the item's own id is not.
      reply.parts.emplace_back(ToolCallPart{own_call_id(context_.calls_so_far++),
                                            text_member(item, "call_id"),
                                            text_member(item, "name"),
                                            std::move(arguments),
                                            {}});
    } else if (item.is_object()) {
      reply.parts.emplace_back(RawPart{{context_.origin, "item", dump_json(item)}});
    }
  }

  void put_message(ChatReply& reply, const Json& content) {
    if (!content.is_array()) return;
    for (const auto& part : content) {
      const auto type = text_member(part, "type");
      if (type == "output_text" || type == "text") {
        if (auto text = text_member(part, "text"); !text.empty())
          reply.parts.emplace_back(TextPart{std::move(text), {}});
      } else if (type == "refusal") {
        refused_ = true;
        reply.parts.emplace_back(RefusalPart{text_member(part, "refusal")});
      }
    }
  }

  void put_usage(Usage& usage) const {
    if (!usage_.is_object()) return;
    const Json& input = member(usage_, "input_tokens_details");
    usage.reported = true;
    usage.input = int_or(usage_, "input_tokens");
    usage.output = int_or(usage_, "output_tokens");
    usage.cached_input = int_or(input, "cached_tokens");
    usage.cache_write = int_or(input, "cache_write_tokens");
    usage.reasoning = int_or(member(usage_, "output_tokens_details"), "reasoning_tokens");
    const auto rest = int_or(usage_, "total_tokens") - usage.input - usage.output;
    if (rest > 0) usage.output += rest;  // reasoning that was left out
    if (const Json& cost = member(usage_, "cost");
        cost.is_number() && context_.base_url.find("openrouter.ai") != std::string::npos) {
      if (const auto money = money_from_usd(cost.get<double>())) usage.reported_cost = *money;
    }
  }

  StopReason stop_of(const ChatReply& reply) const {
    if (status_ == "incomplete") {
      const bool filtered = reply.raw_stop.find("content_filter") != std::string::npos;
      return filtered ? StopReason::content_filter : StopReason::length;
    }
    if (status_ == "failed" || status_ == "cancelled") return StopReason::error;
    if (!calls_of(reply.parts).empty()) return StopReason::tool_calls;
    if (refused_) return StopReason::content_filter;
    return status_ == "completed" ? StopReason::stop : StopReason::unknown;
  }

  ReplyContext context_;
  ChatReply reply_;
  std::map<std::int64_t, Json> items_;  // by output_index
  Json usage_;
  std::string status_, error_json_;
  bool refused_ = false, ended_ = false, done_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> responses_reader(ReplyContext context) {
  return std::make_unique<ResponsesReader>(std::move(context));
}

}  // namespace mixagent
