#include "provider/chat_quirks.h"

#include <array>

namespace mixagent {

namespace {

// The first row is what an unknown server gets: what most of them understand.
constexpr std::array<ChatQuirks, 19> rows = {{
    {.name = {}, .host = {}},
    {.name = "openai",
     .host = "api.openai.com",
     .max_tokens = "max_completion_tokens",
     .effort = EffortField::reasoning_effort,
     .cache_key = true,
     .fixed_temperature = true},
    {.name = "azure",
     .host = ".azure.com",
     .max_tokens = "max_completion_tokens",
     .effort = EffortField::reasoning_effort,
     .fixed_temperature = true},
    {.name = "openrouter",
     .host = "openrouter.ai",
     .echo = ReasoningEcho::details,
     .effort = EffortField::reasoning_object,
     .cache_marks = true,
     .reports_cost = true},
    {.name = "vercel-gateway",
     .host = "ai-gateway.vercel.sh",
     .echo = ReasoningEcho::details,
     .effort = EffortField::reasoning_effort},
    {.name = "deepseek",
     .host = "api.deepseek.com",
     .echo = ReasoningEcho::content,
     .schema = SchemaForm::json_object},
    {.name = "moonshot", .host = "api.moonshot", .echo = ReasoningEcho::content},
    {.name = "zai",
     .host = "api.z.ai",
     .echo = ReasoningEcho::content,
     .schema = SchemaForm::json_object},
    {.name = "mistral",
     .host = "api.mistral.ai",
     .stream_options = false,
     .echo = ReasoningEcho::thinking,
     .nine_char_ids = true},
    {.name = "groq", .host = "api.groq.com", .effort = EffortField::reasoning_effort},
    {.name = "xai",
     .host = "api.x.ai",
     .effort = EffortField::reasoning_effort,
     .reasoning_outside = true,
     .conversation_header = "x-grok-conv-id"},
    {.name = "google",
     .host = "generativelanguage.googleapis.com",
     .effort = EffortField::reasoning_effort},
    {.name = "perplexity", .host = "api.perplexity.ai", .stream_options = false},
    {.name = "ollama",
     .host = ":11434",
     .effort = EffortField::reasoning_effort,
     .null_content = false},
    // Three that anyone may run, anywhere: known by the provider's name alone.
    {.name = "litellm", .host = {}, .effort = EffortField::reasoning_effort, .cache_marks = true},
    {.name = "vllm", .host = {}, .effort = EffortField::reasoning_effort},
    {.name = "llamacpp", .host = {}},
    {.name = "cohere", .host = "api.cohere", .stream_options = false},
    {.name = "snowflake",
     .host = "snowflakecomputing.com",
     .max_tokens = "max_completion_tokens",
     .echo = ReasoningEcho::details},
}};

}  // namespace

const ChatQuirks& chat_quirks(std::string_view provider_name, std::string_view base_url) {
  // The host first: a provider may be called anything.
  for (const auto& row : rows) {
    if (!row.host.empty() && base_url.find(row.host) != std::string_view::npos) return row;
  }
  for (const auto& row : rows) {
    if (!row.name.empty() && provider_name == row.name) return row;
  }
  return rows.front();
}

}  // namespace mixagent
