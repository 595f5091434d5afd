#pragma once
// How the cousins of OpenAI Chat Completions differ, as data. A provider is recognised by its name
// or by its host.

#include "mixagent/model.h"

#include <string_view>

namespace mixagent {

enum class ReasoningEcho {
  none,
  content,   // "reasoning_content" of assistant messages with tool calls
  details,   // "reasoning_details", unchanged
  thinking,  // a content part of type "thinking"
};
enum class EffortField { none, reasoning_effort, reasoning_object };
enum class SchemaForm { none, json_schema, json_object };

struct ChatQuirks {
  std::string_view name;  // provider name, or a part of the host
  std::string_view host;
  std::string_view max_tokens = "max_tokens";
  bool stream_options =
      true;  // knows include_usage (without it, streams of some carry no usage at all)
  ReasoningEcho echo = ReasoningEcho::none;
  EffortField effort = EffortField::none;
  SchemaForm schema = SchemaForm::json_schema;
  bool nine_char_ids = false;                 // tool call ids must be nine letters or digits
  bool null_content = true;                   // false: "" where an assistant message has only calls
  bool cache_marks = false;                   // passes cache_control on to Anthropic models
  bool cache_key = false;                     // takes prompt_cache_key
  bool fixed_temperature = false;             // its reasoning models refuse `temperature`
  bool reports_cost = false;                  // usage.cost is USD
  bool reasoning_outside = false;             // completion_tokens leave the reasoning tokens out
  std::string_view conversation_header = {};  // keeps a conversation on a warm cache
};

const ChatQuirks& chat_quirks(std::string_view provider_name, std::string_view base_url);

}  // namespace mixagent
