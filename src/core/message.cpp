#include "mixagent/message.h"

namespace mixagent {

std::string text_of(const std::vector<Part>& parts) {
  std::string text;
  for (const auto& part : parts) {
    const auto* visible = std::get_if<TextPart>(&part);
    if (visible == nullptr || visible->text.empty()) continue;
    // Separate blocks are separate lines, so that a fence that opens a block still opens its line.
    if (!text.empty() && text.back() != '\n') text += '\n';
    text += visible->text;
  }
  return text;
}

std::vector<ToolCallPart> calls_of(const std::vector<Part>& parts) {
  std::vector<ToolCallPart> calls;
  for (const auto& part : parts) {
    if (const auto* call = std::get_if<ToolCallPart>(&part)) calls.push_back(*call);
  }
  return calls;
}

}  // namespace mixagent
