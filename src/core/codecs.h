#pragma once
// Facts, results and conversations as JSON text. Pure. The formats are those of PROTOCOLS 4;
// unknown fields are ignored.

#include "mixagent/error.h"
#include "mixagent/event.h"
#include "mixagent/message.h"

#include <string>
#include <string_view>

namespace mixagent {

// {"seq":1,"ts":"2026-11-24T15:12:00.123Z","run_id":"...","type":"run.started",...} without the
// newline. run.completed carries the result object's members under "result".
std::string encode_event(const Event& event);
// An unknown type becomes UnknownFact; a line that is no event is an Error corrupt.
Result<Event> decode_event(std::string_view line);

std::string encode_result(const RunResult& result);
Result<RunResult> decode_result(std::string_view text);

std::string encode_request(const ChatRequest& request);  // labels.key left out: stable for hashing
Result<ChatRequest> decode_request(std::string_view text);
std::string encode_reply(const ChatReply& reply);
Result<ChatReply> decode_reply(std::string_view text);

std::string encode_plan(const Plan& plan);
// Faults name the place ("steps[2].id: missing"); unknown fields go to `warnings`.
Result<Plan> decode_plan(std::string_view text, std::vector<std::string>& warnings);
Result<Review> decode_review(std::string_view text);

std::string format_time(std::int64_t ms);  // RFC 3339, UTC, milliseconds
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace mixagent
