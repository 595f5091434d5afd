#pragma once
// Model APIs from the provider's side: requests decoded and judged, answers encoded. Chat
// Completions is spoken here, the other dialects in other_wires.h. Pure.

#include "support/reply_script.h"

#include "mixagent/message.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mixagent {

struct ServerRequest {
  int number = 0;  // 1-based, over all models
  Dialect dialect = Dialect::openai_chat;
  std::string model;
  std::string body;                   // as it came
  std::vector<std::string> messages;  // decoded: "user: ...", "assistant: ...", "tool call_1: ..."
  std::string rendered;               // the messages, joined by newlines
  std::vector<std::string> tools;     // names, in order
  std::int64_t max_output = 0;
  bool stream = false, wants_usage = false;
  std::string fault;     // what a strict provider would refuse in it; empty: nothing
  ScriptUsage usage;     // of the answer
  double spent_usd = 0;  // what the answer costs by the server's own figures
  std::int64_t arrived_us = 0, answered_us = 0;  // steady clock
};

// A body that is no request at all has a fault and nothing else. The model's name stands in the
// address for Gemini, in the body for the others.
ServerRequest decode_request(Dialect dialect, const std::string& model_in_address,
                             const std::string& body);

// The reply's own usage, else an estimate; never more output than the request allows.
ScriptUsage usage_of(const Reply& reply, const ServerRequest& request);

struct ChatAnswer {
  std::string body, content_type;
  std::size_t call_middle = 0;  // offset inside the first tool call's arguments; 0: there is none
  std::size_t last_event = 0;   // offset where the last event begins
};
ChatAnswer encode_answer(const Reply& reply, const ServerRequest& request);

// The first `at` bytes at most, never half a character.
std::string cut_utf8(const std::string& text, std::size_t at);

}  // namespace mixagent
