#include "replay/corpus.h"

#include "provider/errors.h"

#include <cstdlib>
#include <random>
#include <zlib.h>

namespace mixagent {

namespace {

std::string unzip(const std::string& path) {
  std::string text;
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return text;
  std::vector<char> block(1u << 20);
  int count = 0;
  while ((count = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0) {
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  gzclose(file);
  return text;
}

std::string data_folder() {
  if (const char* folder = std::getenv("MIXAGENT_DATA")) return folder;
  return MIXAGENT_SOURCE_DIR "/../shared/data";
}

Exchange exchange_of(const Json& row) {
  Exchange exchange;
  exchange.id = string_or(row, "id");
  exchange.provider = string_or(row, "provider");
  exchange.streaming = row["streaming"].get<bool>();
  const Json& response = row["response"];
  exchange.status = static_cast<int>(int_or(response, "status", 200));
  for (const auto& [name, value] : member(response, "headers").items()) {
    exchange.headers.emplace_back(name,
                                  value.is_string() ? value.get<std::string>() : value.dump());
  }
  exchange.body = string_or(response, "body_text");
  for (const auto& tag : row["tags"]) exchange.tags.insert(tag.get<std::string>());
  exchange.expected = row["expected"];
  const Json& request = member(row, "request");
  exchange.address = string_or(request, "url_path");
  exchange.request = member(request, "body");
  return exchange;
}

const char* kind_name(ErrorCode code) {
  switch (static_cast<int>(code)) {
    case static_cast<int>(ErrorCode::rate_limited):
      return "rate_limit";
    case static_cast<int>(ErrorCode::context_too_long):
      return "context_length";
    default:
      return to_string(code);
  }
}

Json usage_reading(const Usage& usage) {
  return {{"input", usage.input},
          {"output", usage.output},
          {"cached", usage.cached_input},
          {"written", usage.cache_write},
          {"reasoning", usage.reasoning}};
}

Json call_reading(const Json& id, const std::string& name, const std::string& arguments) {
  auto parsed = parse_json(arguments);
  // Arguments that are no object stay text.
  return {{"id", id},
          {"name", name},
          {"arguments", parsed && parsed->is_object() ? *parsed : Json(arguments)}};
}

}  // namespace

std::vector<Exchange> load_exchanges(const std::string& file) {
  std::vector<Exchange> exchanges;
  const auto text = unzip(data_folder() + "/wire/" + file);
  std::size_t start = 0;
  while (start < text.size()) {
    const auto end = std::min(text.find('\n', start), text.size());
    if (auto row = parse_json(std::string_view(text).substr(start, end - start)))
      exchanges.push_back(exchange_of(*row));
    start = end + 1;
  }
  return exchanges;
}

Result<ChatReply> decode(const Exchange& exchange, Dialect dialect, const Cutter& cut) {
  ReplyContext context;
  context.origin = {dialect, exchange.provider, "model"};
  auto decoder = dialect_of(dialect)->decoder(std::move(context));
  cut(exchange.body, [&](std::string_view piece) { decoder.feed(piece); });
  return decoder.finish(exchange.status, exchange.headers, 0);
}

Cutter whole() {
  return [](std::string_view body, const auto& feed) { feed(body); };
}

Cutter pieces_of(std::size_t size) {
  return [size](std::string_view body, const auto& feed) {
    for (std::size_t at = 0; at < body.size(); at += size) feed(body.substr(at, size));
  };
}

Cutter random_pieces(unsigned seed) {
  return [seed](std::string_view body, const auto& feed) {
    std::mt19937 random(seed);
    while (!body.empty()) {
      const auto size = std::min<std::size_t>(1 + random() % 97, body.size());
      feed(body.substr(0, size));
      body.remove_prefix(size);
    }
  };
}

Cutter in_two_at(std::size_t position) {
  return [position](std::string_view body, const auto& feed) {
    feed(body.substr(0, position));
    feed(body.substr(position));
  };
}

Json reading_of(const Result<ChatReply>& reply) {
  if (!reply) {
    Json error = {{"kind", kind_name(reply.error().code)}};
    if (reply.error().retry_after_ms) error["retry_after_ms"] = *reply.error().retry_after_ms;
    return {{"error", error}};
  }
  std::string text, reasoning, refusal;
  Json calls = Json::array();
  for (const auto& part : reply->parts) {
    if (const auto* said = std::get_if<TextPart>(&part)) text += said->text;
    if (const auto* thought = std::get_if<ReasoningPart>(&part)) reasoning += thought->text;
    if (const auto* refused = std::get_if<RefusalPart>(&part)) refusal += refused->text;
    if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      const Json id = call->wire_id.empty() ? Json() : Json(call->wire_id);
      calls.push_back(call_reading(id, call->name, call->arguments));
    }
  }
  const Json finish =
      reply->stop == StopReason::unknown ? Json() : Json(std::string(enum_name(reply->stop)));
  return {{"text", text},   {"reasoning", reasoning}, {"refusal", refusal},
          {"calls", calls}, {"finish", finish},       {"usage", usage_reading(reply->usage)}};
}

Json expected_reading(const Exchange& exchange) {
  const Json& expected = exchange.expected;
  if (const Json& error = member(expected, "error"); !error.is_null()) {
    Json kept = {{"kind", string_or(error, "kind")}};
    if (const Json& wait = member(error, "retry_after_s"); wait.is_number()) {
      kept["retry_after_ms"] = static_cast<std::int64_t>(wait.get<double>() * 1000 + 0.5);
    }
    return {{"error", kept}};
  }
  Json calls = Json::array();
  for (const auto& call : expected["tool_calls"]) {
    const Json& raw = member(call, "arguments_raw");
    calls.push_back(
        call_reading(call["id"], string_or(call, "name"),
                     raw.is_string() ? raw.get<std::string>() : dump_json(call["arguments"])));
  }
  Usage usage;
  usage.input = int_or(expected["usage"], "input_tokens");
  usage.output = int_or(expected["usage"], "output_tokens");
  usage.cached_input = int_or(expected["usage"], "cached_input_tokens");
  usage.cache_write = int_or(expected["usage"], "cache_write_tokens");
  usage.reasoning = int_or(expected["usage"], "reasoning_tokens");
  return {{"text", string_or(expected, "text")},
          {"reasoning", string_or(expected, "reasoning_text")},
          {"refusal", string_or(expected, "refusal_text")},
          {"calls", calls},
          {"finish", expected["finish"]},
          {"usage", usage_reading(usage)}};
}

std::string fingerprint(const Result<ChatReply>& reply) {
  std::string text = dump_json(reading_of(reply));
  if (!reply) return text + reply.error().what + (reply.error().partial_output ? "+" : "-");
  text += reply->raw_stop + "|" + reply->served_model + "|" + reply->response_id;
  const auto add = [&text](const std::vector<Opaque>& opaque) {
    for (const auto& item : opaque) text += "|" + item.kind + item.json;
  };
  for (const auto& part : reply->parts) {
    text += "|" + std::to_string(part.index());
    if (const auto* said = std::get_if<TextPart>(&part)) add(said->opaque);
    if (const auto* thought = std::get_if<ReasoningPart>(&part)) add(thought->opaque);
    if (const auto* call = std::get_if<ToolCallPart>(&part)) add(call->opaque), text += call->id;
    if (const auto* raw = std::get_if<RawPart>(&part)) add({raw->opaque});
  }
  return text;
}

}  // namespace mixagent
