#include "config/catalog.h"

#include <cmath>

namespace mixagent {

namespace {

constexpr std::string_view openrouter = "openrouter";

// USD per 1,000,000 tokens = a millionth of a dollar per token = 1e6 picodollars.
Money per_token(double usd_per_million) {
  return {std::llround(usd_per_million * 1e6)};
}

Price price_of(const CatalogModel& row) {
  Price price;
  price.input = per_token(row.input);
  price.output = per_token(row.output);
  price.cached_input = row.cached > 0 ? per_token(row.cached) : price.input;
  price.cache_write = row.written > 0 ? per_token(row.written) : price.input;
  return price;
}

Provider provider(const char* name, const char* base_url, const char* key,
                  Dialect dialect = Dialect::openai_chat) {
  Provider made;
  made.name = name;
  made.dialect = dialect;
  made.base_url = base_url;
  made.api_key_env = key;
  return made;
}

}  // namespace

// clang-format off
const std::vector<CatalogModel>& catalog_models() {
  static const std::vector<CatalogModel> rows = {
    // Frontier, best first.
    {"anthropic/claude-opus-5", "anthropic", "claude-opus-5", "", "anthropic", 3, 1'000'000, 128'000, 5.0, 25.0, 0.5, 6.25, "isr"},
    {"openai/gpt-5.6-sol", "openai", "gpt-5.6-sol", "", "openai", 3, 272'000, 128'000, 5.0, 30.0, 0.5, 6.25, "isr"},
    {"anthropic/claude-opus-4.8", "anthropic", "claude-opus-4-8", "=", "anthropic", 3, 1'000'000, 128'000, 5.0, 25.0, 0.5, 6.25, "isr"},
    {"openai/gpt-5.5", "openai", "gpt-5.5", "=", "openai", 3, 272'000, 128'000, 5.0, 30.0, 0.5, 0.0, "isr"},
    {"google/gemini-3.1-pro", "google", "gemini-3.1-pro-preview", "google/gemini-3.1-pro-preview", "google", 3, 200'000, 65'536, 2.0, 12.0, 0.2, 0.0, "isr"},
    {"x-ai/grok-4.5", "xai", "grok-4.5", "=", "xai", 3, 200'000, 128'000, 2.0, 6.0, 0.5, 0.0, "isr"},
    {"anthropic/claude-opus-4.7", "anthropic", "claude-opus-4-7", "=", "anthropic", 3, 1'000'000, 128'000, 5.0, 25.0, 0.5, 6.25, "isr"},
    {"anthropic/claude-opus-4.6", "anthropic", "claude-opus-4-6", "=", "anthropic", 3, 1'000'000, 128'000, 5.0, 25.0, 0.5, 6.25, "isr"},
    {"anthropic/claude-opus-4.5", "anthropic", "claude-opus-4-5", "=", "anthropic", 3, 200'000, 64'000, 5.0, 25.0, 0.5, 6.25, "isr"},
    {"anthropic/claude-fable-5", "anthropic", "claude-fable-5", "=", "anthropic", 3, 1'000'000, 128'000, 10.0, 50.0, 1.0, 12.5, "isr"},
    {"openai/gpt-5.2", "openai", "gpt-5.2", "=", "openai", 3, 272'000, 128'000, 1.75, 14.0, 0.175, 0.0, "isr"},
    // Balanced.
    {"anthropic/claude-sonnet-5", "anthropic", "claude-sonnet-5", "=", "anthropic", 2, 1'000'000, 128'000, 2.0, 10.0, 0.2, 2.5, "isr"},
    {"openai/gpt-5.6-terra", "openai", "gpt-5.6-terra", "", "openai", 2, 272'000, 128'000, 2.0, 12.0, 0.2, 2.5, "isr"},
    {"google/gemini-3.6-flash", "google", "gemini-3.6-flash", "", "google", 2, 1'000'000, 65'536, 1.5, 7.5, 0.15, 0.0, "isr"},
    {"x-ai/grok-4.3", "xai", "grok-4.3", "=", "xai", 2, 200'000, 128'000, 1.25, 2.5, 0.2, 0.0, "isr"},
    {"openai/gpt-5.4", "openai", "gpt-5.4", "=", "openai", 2, 272'000, 128'000, 2.5, 15.0, 0.25, 0.0, "isr"},
    {"z-ai/glm-5.1", "openrouter", "z-ai/glm-5.1", "=", "zai", 2, 202'752, 65'535, 1.05, 3.5, 0.525, 0.0, "sr"},
    {"moonshotai/kimi-k2.5", "openrouter", "moonshotai/kimi-k2.5", "=", "moonshot", 2, 262'144, 65'536, 0.6, 3.0, 0.1, 0.0, "i"},
    {"mistralai/mistral-medium-3.5", "mistral", "mistral-medium-2604", "=", "mistral", 2, 262'144, 65'536, 1.5, 7.5, 0.0, 0.0, "isr"},
    {"google/gemini-3.5-flash", "google", "gemini-3.5-flash", "=", "google", 2, 1'000'000, 65'535, 1.5, 9.0, 0.15, 0.0, "isr"},
    {"anthropic/claude-sonnet-4.6", "anthropic", "claude-sonnet-4-6", "=", "anthropic", 2, 200'000, 64'000, 3.0, 15.0, 0.3, 3.75, "isr"},
    {"anthropic/claude-sonnet-4.5", "anthropic", "claude-sonnet-4-5", "=", "anthropic", 2, 200'000, 64'000, 3.0, 15.0, 0.3, 3.75, "isr"},
    {"google/gemini-2.5-pro", "google", "gemini-2.5-pro", "=", "google", 2, 200'000, 65'535, 1.25, 10.0, 0.125, 0.0, "isr"},
    {"openai/gpt-5.1", "openai", "gpt-5.1", "=", "openai", 2, 272'000, 128'000, 1.25, 10.0, 0.125, 0.0, "isr"},
    {"openai/gpt-5", "openai", "gpt-5", "=", "openai", 2, 272'000, 128'000, 1.25, 10.0, 0.125, 0.0, "isr"},
    {"openai/gpt-4.1", "openai", "gpt-4.1", "=", "openai", 2, 1'000'000, 32'768, 2.0, 8.0, 0.5, 0.0, "is"},
    {"qwen/qwen3.5-397b-a17b", "openrouter", "qwen/qwen3.5-397b-a17b", "=", "qwen", 2, 262'144, 65'536, 0.6, 3.6, 0.0, 0.0, "isr"},
    {"z-ai/glm-5", "openrouter", "z-ai/glm-5", "=", "zai", 2, 202'752, 65'536, 0.8, 2.56, 0.0, 0.0, "sr"},
    {"xiaomi/mimo-v2.5-pro", "openrouter", "xiaomi/mimo-v2.5-pro", "=", "xiaomi", 2, 1'000'000, 16'384, 1.0, 3.0, 0.2, 0.0, "sr"},
    {"x-ai/grok-4", "xai", "grok-4", "=", "xai", 2, 128'000, 64'000, 3.0, 15.0, 0.0, 0.0, "sr"},
    // Budget.
    {"deepseek/deepseek-v4-pro", "deepseek", "deepseek-v4-pro", "=", "deepseek", 1, 1'000'000, 8'192, 0.435, 0.87, 0.003625, 0.0, "sr"},
    {"openai/gpt-5.6-luna", "openai", "gpt-5.6-luna", "", "openai", 1, 272'000, 128'000, 0.2, 1.2, 0.02, 0.25, "isr"},
    {"google/gemini-3-flash", "google", "gemini-3-flash-preview", "google/gemini-3-flash-preview", "google", 1, 1'000'000, 65'535, 0.5, 3.0, 0.05, 0.0, "isr"},
    {"x-ai/grok-4.1-fast", "xai", "grok-4-1-fast", "=", "xai", 1, 128'000, 64'000, 0.2, 0.5, 0.05, 0.0, "isr"},
    {"mistralai/devstral-2512", "mistral", "devstral-2512", "=", "mistral", 1, 256'000, 65'536, 0.4, 2.0, 0.0, 0.0, "s"},
    {"anthropic/claude-haiku-4.5", "anthropic", "claude-haiku-4-5", "=", "anthropic", 1, 200'000, 64'000, 1.0, 5.0, 0.1, 1.25, "isr"},
    {"openai/gpt-oss-120b", "groq", "openai/gpt-oss-120b", "=", "openai", 1, 131'072, 32'766, 0.15, 0.6, 0.075, 0.0, "sr"},
    {"openai/gpt-5-mini", "openai", "gpt-5-mini", "=", "openai", 1, 272'000, 128'000, 0.25, 2.0, 0.025, 0.0, "isr"},
    {"openai/gpt-5.4-mini", "openai", "gpt-5.4-mini", "=", "openai", 1, 272'000, 128'000, 0.75, 4.5, 0.075, 0.0, "isr"},
    {"deepseek/deepseek-v4-flash", "deepseek", "deepseek-v4-flash", "=", "deepseek", 1, 1'000'000, 8'192, 0.14, 0.28, 0.0028, 0.0, "sr"},
    {"qwen/qwen3-coder", "openrouter", "qwen/qwen3-coder", "=", "qwen", 1, 262'100, 65'536, 0.22, 0.95, 0.0, 0.0, ""},
    {"minimax/minimax-m2.5", "openrouter", "minimax/minimax-m2.5", "=", "minimax", 1, 196'608, 65'536, 0.3, 1.1, 0.15, 0.0, "sr"},
    {"z-ai/glm-4.7", "openrouter", "z-ai/glm-4.7", "=", "zai", 1, 202'752, 64'000, 0.4, 1.5, 0.0, 0.0, "sr"},
    {"deepseek/deepseek-v3.2", "openrouter", "deepseek/deepseek-v3.2", "=", "deepseek", 1, 163'840, 65'536, 0.28, 0.4, 0.0, 0.0, "sr"},
    {"moonshotai/kimi-k2-0905", "groq", "moonshotai/kimi-k2-instruct-0905", "=", "moonshot", 1, 262'144, 16'384, 1.0, 3.0, 0.5, 0.0, "s"},
    {"google/gemini-3.5-flash-lite", "google", "gemini-3.5-flash-lite", "", "google", 1, 1'000'000, 65'536, 0.3, 2.5, 0.03, 0.0, "isr"},
    {"google/gemini-3.1-flash-lite", "google", "gemini-3.1-flash-lite", "=", "google", 1, 1'000'000, 65'536, 0.25, 1.5, 0.025, 0.0, "isr"},
    {"google/gemini-2.5-flash", "google", "gemini-2.5-flash", "=", "google", 1, 1'000'000, 65'535, 0.3, 2.5, 0.03, 0.0, "isr"},
    {"google/gemini-2.5-flash-lite", "google", "gemini-2.5-flash-lite", "=", "google", 1, 1'000'000, 65'535, 0.1, 0.4, 0.01, 0.0, "isr"},
    {"mistralai/mistral-large-2512", "mistral", "mistral-large-2512", "=", "mistral", 1, 262'144, 65'536, 0.5, 1.5, 0.0, 0.0, "is"},
    {"mistralai/codestral-2508", "mistral", "codestral-2508", "=", "mistral", 1, 256'000, 65'536, 0.3, 0.9, 0.0, 0.0, "s"},
    {"x-ai/grok-code-fast-1", "xai", "grok-code-fast", "=", "xai", 1, 256'000, 64'000, 0.2, 1.5, 0.02, 0.0, "sr"},
    {"qwen/qwen3-32b", "groq", "qwen/qwen3-32b", "=", "qwen", 1, 131'000, 32'768, 0.29, 0.59, 0.0, 0.0, "s"},
    {"openai/gpt-5.4-nano", "openai", "gpt-5.4-nano", "=", "openai", 1, 272'000, 128'000, 0.2, 1.25, 0.02, 0.0, "isr"},
    {"openai/gpt-5-nano", "openai", "gpt-5-nano", "=", "openai", 1, 272'000, 128'000, 0.05, 0.4, 0.005, 0.0, "isr"},
    {"openai/gpt-4.1-mini", "openai", "gpt-4.1-mini", "=", "openai", 1, 1'000'000, 32'768, 0.4, 1.6, 0.1, 0.0, "is"},
    {"openai/gpt-oss-20b", "groq", "openai/gpt-oss-20b", "=", "openai", 1, 131'072, 32'768, 0.075, 0.3, 0.0375, 0.0, "sr"},
    {"xiaomi/mimo-v2-flash", "openrouter", "xiaomi/mimo-v2-flash", "=", "xiaomi", 1, 262'144, 16'384, 0.1, 0.3, 0.01, 0.0, "sr"},
    {"meta-llama/llama-4-maverick", "groq", "meta-llama/llama-4-maverick-17b-128e-instruct", "=", "meta", 1, 131'072, 8'192, 0.2, 0.6, 0.0, 0.0, "is"},
    {"meta-llama/llama-3.3-70b-instruct", "groq", "llama-3.3-70b-versatile", "=", "meta", 1, 128'000, 32'768, 0.59, 0.79, 0.0, 0.0, "s"},
  };
  return rows;
}
// clang-format on

const std::vector<Provider>& catalog_providers() {
  // Their own dialects, where thoughts, signatures and cache marks survive from turn to turn; the
  // chat shape that these three serve too loses them.
  static const std::vector<Provider> providers = {
      provider("anthropic", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY",
               Dialect::anthropic_messages),
      provider("openai", "https://api.openai.com/v1", "OPENAI_API_KEY", Dialect::openai_responses),
      provider("google", "https://generativelanguage.googleapis.com/v1beta", "GEMINI_API_KEY",
               Dialect::gemini),
      provider("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
      provider("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
      provider("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
      provider("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
      provider("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
  };
  return providers;
}

Model model_from(const CatalogModel& row, std::string_view provider_name) {
  Model model;
  model.name = row.name;
  model.provider = provider_name;
  model.id = row.id;
  if (provider_name == openrouter) {
    model.id = std::string_view(row.openrouter) == "=" ? row.name : row.openrouter;
  }
  model.family = row.family;
  model.tier = row.tier;
  model.window = row.window;
  model.max_output = row.max_output;
  model.price = price_of(row);
  const std::string_view abilities = row.abilities;
  model.images = abilities.find('i') != std::string_view::npos;
  model.structured_output = abilities.find('s') != std::string_view::npos;
  model.reasoning = abilities.find('r') != std::string_view::npos;
  model.priced_on = catalog_date;
  return model;
}

const CatalogModel* find_catalog_model(std::string_view name) {
  for (const CatalogModel& row : catalog_models()) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace mixagent
