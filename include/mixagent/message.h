#pragma once
// The provider-neutral conversation. Values only. Parts keep the order and the boundaries of the
// wire; whatever a provider wants back unchanged is Opaque and goes back to its own origin only.
// JSON crosses here as text, so that no header needs a JSON library.

#include "mixagent/fields.h"
#include "mixagent/usage.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mixagent {

enum class Dialect { openai_chat, openai_responses, anthropic_messages, gemini, replay };
constexpr std::array<std::string_view, 5> enum_names(Dialect) {
  return {"openai-chat", "openai-responses", "anthropic-messages", "gemini", "replay"};
}

struct Origin {
  Dialect dialect = Dialect::openai_chat;
  std::string provider, model;
  bool operator==(const Origin&) const = default;
};

struct Opaque {
  Origin origin;
  std::string kind;  // "reasoning_content", "reasoning_details", "signature", "encrypted",
                     // "thought_signature", "item"
  std::string json;  // verbatim JSON text
  bool operator==(const Opaque&) const = default;
};

struct TextPart {
  std::string text;
  std::vector<Opaque> opaque;
  bool operator==(const TextPart&) const = default;
};
struct ReasoningPart {
  std::string text;
  bool redacted = false;
  std::vector<Opaque> opaque;
  bool operator==(const ReasoningPart&) const = default;
};
struct ImagePart {
  std::string mime;
  std::string base64;  // or
  std::string url;
  bool operator==(const ImagePart&) const = default;
};
struct ToolCallPart {
  std::string id;       // ours, unique in the conversation
  std::string wire_id;  // the provider's, empty when it sent none
  std::string name;
  std::string arguments;  // JSON text exactly as sent; "{}" when the provider sent nothing
  std::vector<Opaque> opaque;
  bool operator==(const ToolCallPart&) const = default;
};
struct ToolResultPart {
  std::string call_id;  // ToolCallPart::id
  std::string wire_id;
  std::string name;
  std::string text;
  bool is_error = false;
  bool operator==(const ToolResultPart&) const = default;
};
struct RefusalPart {
  std::string text;
  bool operator==(const RefusalPart&) const = default;
};
struct RawPart {  // a block we do not know: kept, echoed to its origin, never fatal
  Opaque opaque;
  bool operator==(const RawPart&) const = default;
};
using Part = std::variant<TextPart, ReasoningPart, ImagePart, ToolCallPart, ToolResultPart,
                          RefusalPart, RawPart>;

enum class Role { system, user, assistant, tool };
constexpr std::array<std::string_view, 4> enum_names(Role) {
  return {"system", "user", "assistant", "tool"};
}

struct Message {
  Role role = Role::user;
  std::vector<Part> parts;
  bool cache_here = false;  // a stable prefix ends here (for dialects with explicit cache marks)
  bool operator==(const Message&) const = default;
};

struct ToolDef {
  std::string name;
  std::string description;
  std::string schema;  // JSON Schema text of the arguments object
  bool operator==(const ToolDef&) const = default;
};

// Who asks; never sent. The journal, the ledger and the replay provider read it.
struct CallLabels {
  std::string key;  // unique in the run and the same on resume: "step:s1/attempt:2/call:3"
  std::string seat;
  std::string step;  // empty outside of steps
  int attempt = 0;   // 1-based inside a step
  int call = 0;      // 1-based inside the conversation
  bool operator==(const CallLabels&) const = default;
};

struct ChatRequest {
  std::string model;  // our name of it (catalogue or [models.X])
  std::vector<Message> messages;
  std::vector<ToolDef> tools;
  std::int64_t max_output = 0;
  std::optional<double> temperature;
  std::string reasoning_effort;  // "", "low", "medium", "high"
  std::string response_schema;   // JSON Schema text; empty: free text
  std::string cache_key;         // same for calls that share a prefix
  CallLabels labels;
  bool operator==(const ChatRequest&) const = default;
};

enum class StopReason { stop, length, tool_calls, content_filter, pause, error, unknown };
constexpr std::array<std::string_view, 7> enum_names(StopReason) {
  return {"stop", "length", "tool_calls", "content_filter", "pause", "error", "unknown"};
}

struct ChatReply {
  std::vector<Part> parts;
  StopReason stop = StopReason::unknown;
  std::string raw_stop;
  Usage usage;
  Origin origin;             // who answered
  std::string served_model;  // the provider's word for it
  std::string response_id;
  bool operator==(const ChatReply&) const = default;
};

std::string text_of(const std::vector<Part>& parts);  // visible text, joined
std::vector<ToolCallPart> calls_of(const std::vector<Part>& parts);

}  // namespace mixagent
