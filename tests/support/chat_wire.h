#pragma once
// OpenAI Chat Completions from the provider's side: requests decoded and judged, answers encoded.
// Pure.

#include "support/reply_script.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mixagent {

struct ServerRequest {
  int number = 0;  // 1-based, over all models
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

// A body that is no request at all has a fault and nothing else.
ServerRequest decode_chat_request(const std::string& body);

// The reply's own usage, else an estimate; never more output than the request allows.
ScriptUsage usage_of(const Reply& reply, const ServerRequest& request);

struct ChatAnswer {
  std::string body, content_type;
  std::size_t call_middle = 0;  // offset inside the first tool call's arguments; 0: there is none
  std::size_t last_event = 0;   // offset where the last event begins
};
ChatAnswer encode_chat_answer(const Reply& reply, const ServerRequest& request);

}  // namespace mixagent
