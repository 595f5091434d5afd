#include "core/forget.h"

#include "base/text.h"
#include "core/calibration.h"

#include <algorithm>
#include <variant>

namespace mixagent {

namespace {

constexpr std::size_t kept_messages = 4;  // the latest: what the model works with
constexpr std::size_t short_text = 600;   // bytes: not worth the loss

// The first line says what it was.
std::int64_t cut(std::string& text) {
  if (text.size() <= short_text) return 0;
  const auto before = token_units(text);
  const auto lines = static_cast<std::int64_t>(split_lines(text).size());
  const std::string first(clip(text.substr(0, text.find('\n')), 160));
  text = first + "\n[" + format_count(std::max<std::int64_t>(lines - 1, 1)) +
         " lines left out to save room; ask again for what you still need]";
  return before - token_units(text);
}

std::int64_t cut(Message& message) {
  std::int64_t saved = 0;
  for (Part& part : message.parts) {
    if (auto* result = std::get_if<ToolResultPart>(&part)) saved += cut(result->text);
    if (auto* text = std::get_if<TextPart>(&part)) saved += cut(text->text);
  }
  return saved;
}

}  // namespace

ForgetPolicy forget_policy(std::int64_t window, std::int64_t max_output) {
  ForgetPolicy policy;
  const std::int64_t room = std::max<std::int64_t>((window - max_output) * 3 / 4, 4'000);
  policy.begin_at = std::min(policy.begin_at, room);
  policy.down_to = policy.begin_at / 2;
  return policy;
}

std::int64_t forget_observations(std::vector<Message>& messages,
                                 const std::vector<std::size_t>& observations, std::int64_t tokens,
                                 const ForgetPolicy& policy) {
  if (tokens < policy.begin_at || observations.size() <= kept_messages) return 0;
  std::int64_t saved = 0;
  for (std::size_t i = 0; i + kept_messages < observations.size(); ++i) {
    if (tokens - saved <= policy.down_to) break;
    saved += cut(messages[observations[i]]);
  }
  return saved;
}

}  // namespace mixagent
