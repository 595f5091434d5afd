#include "base/text.h"
#include "provider/chat_completions.h"
#include "provider/dialect.h"
#include "provider/errors.h"
#include "provider/gemini.h"
#include "provider/messages.h"
#include "provider/reply_reader.h"
#include "provider/responses.h"

namespace mixagent {

namespace {

constexpr std::size_t kept_for_messages = 64u << 10;

Result<Json> parse_event(std::string_view text) {
  auto json = parse_json(text);
  if (!json && !valid_utf8(text)) json = parse_json(repair_utf8(text));
  return json;
}

}  // namespace

ReplyContext reply_context(const ChatRequest& request, const Model& model,
                           const Provider& provider) {
  ReplyContext context;
  context.origin = {provider.dialect, provider.name, model.name};
  context.base_url = provider.base_url;
  for (const auto& message : request.messages)
    context.calls_so_far += calls_of(message.parts).size();
  return context;
}

Decoder::Decoder(std::unique_ptr<ReplyReader> reader) : reader_(std::move(reader)) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;

void Decoder::feed(std::string_view bytes) {
  received_ += bytes.size();
  if (framing_ == Framing::unknown) {
    // Some servers send blanks to keep a connection alive while a whole body is being made.
    body_ += bytes;
    std::string_view seen = body_;
    if (seen.substr(0, 3) == "\xEF\xBB\xBF") seen.remove_prefix(3);
    const auto first = seen.find_first_not_of(" \t\r\n");
    const bool cut_mark = seen.size() < 3 && !seen.empty() && seen.front() == '\xEF';
    if (first == std::string_view::npos || cut_mark) return;
    const char start = seen[first];
    framing_ = start == '{' || start == '[' ? Framing::whole : Framing::events;
    if (framing_ == Framing::events)
      sse_.feed(seen, [this](const SseEvent& event) { take_event(event); });
    return;
  }
  if (framing_ == Framing::whole || body_.size() < kept_for_messages) body_ += bytes;
  if (framing_ == Framing::events)
    sse_.feed(bytes, [this](const SseEvent& event) { take_event(event); });
}

void Decoder::take_event(const SseEvent& event) {
  const auto data = trim(event.data);
  if (data.empty()) return;
  if (data == "[DONE]") {
    reader_->done_marker();
    return;
  }
  const auto json = parse_event(data);
  if (!json || !json->is_object()) {
    if (broken_.empty()) broken_ = clip(data, 200);
    return;
  }
  ++events_;
  reader_->event(event.name, *json);
}

bool Decoder::complete() const {
  return framing_ == Framing::events && broken_.empty() && reader_->complete();
}

tl::unexpected<Error> Decoder::not_a_reply(std::string what) const {
  Error error = fail(ErrorCode::protocol, std::move(what)).value();
  error.partial_output = !trim(body_).empty();
  return fail(std::move(error));
}

Result<ChatReply> Decoder::finish(int status, const HeaderList& headers, std::int64_t now_ms) {
  if (framing_ == Framing::events)
    sse_.finish([this](const SseEvent& event) { take_event(event); });
  if (status < 200 || status >= 300) return fail(provider_error(status, headers, body_, now_ms));

  if (framing_ == Framing::unknown) return not_a_reply("the answer is empty");
  if (framing_ == Framing::whole) {
    const auto json = parse_event(trim(body_));
    if (!json) return not_a_reply("the answer is no complete JSON: " + json.error().what);
    reader_->whole(*json);
  } else if (!broken_.empty()) {
    return not_a_reply("an event of the stream is no JSON: " + broken_);
  } else if (events_ == 0) {
    return not_a_reply("the answer is neither an event stream nor JSON: " + clip(trim(body_), 200));
  }

  auto read = reader_->result();
  if (!read.error_json.empty()) {
    Error error = provider_error(status, headers, read.error_json, now_ms);
    error.partial_output = !read.reply.parts.empty() || read.reply.usage.output > 0;
    return fail(std::move(error));
  }
  if (!read.ended && framing_ == Framing::whole) {
    return not_a_reply("the answer holds no reply: " + clip(trim(body_), 200));
  }
  if (!read.ended) {
    Error error = fail(ErrorCode::network, "the stream ended before the reply did").value();
    error.partial_output = true;
    return fail(std::move(error));
  }
  if (read.reply.stop == StopReason::error) {
    Error error =
        fail(ErrorCode::server, "the provider broke off the reply (" + read.reply.raw_stop + ")")
            .value();
    error.partial_output = true;
    return fail(std::move(error));
  }
  return std::move(read.reply);
}

const WireDialect* dialect_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::openai_chat:
      return &chat_completions();
    case Dialect::openai_responses:
      return &responses();
    case Dialect::anthropic_messages:
      return &messages();
    case Dialect::gemini:
      return &gemini();
    case Dialect::replay:
      return nullptr;
  }
  return nullptr;
}

}  // namespace mixagent
