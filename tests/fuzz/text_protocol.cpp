// Actions in a model's text, and patches. Promise: what was cut out of the text is within it.

#include "core/text_protocol.h"

#include "fuzz/input.h"

#include <array>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mixagent;
  const FuzzInput input(data, size);
  static const std::array<std::string, 4> terminals = {"finish", "submit_plan", "submit_review",
                                                       "submit_brief"};
  const std::string text(input.text);
  parse_text_actions(text, terminals[input.choice % terminals.size()]);
  if (const auto edits = parse_patch(text)) {
    for (const auto& edit : *edits) promise(edit.path.size() <= text.size());
  }
  return 0;
}
