#pragma once
// Actions as fenced blocks, for models without tool calling (PROTOCOLS 1.2). Pure.

#include "core/actions.h"

#include <string>
#include <vector>

namespace mixagent {

struct TextActions {
  std::vector<Action> actions;      // in the order of the reply
  std::vector<std::string> faults;  // blocks that could not be read, once each, for the model
};

// Understands the fences of PROTOCOLS 1.2 (three or more backticks, closed by the same number), a
// path line before a fenced whole file or SEARCH/REPLACE block, `*** Begin Patch` patches and
// unified diffs (as edits matched by content), and one fenced `json` block for submit_plan /
// submit_review / submit_brief when `terminal` names one of them.
TextActions parse_text_actions(const std::string& reply, const std::string& terminal);

// The lines that teach the blocks, for the tools named, in their order.
std::string describe_text_actions(const std::vector<std::string>& tools);

// `*** Begin Patch` and unified diffs as edits (also used when they arrive inside
// edit_file/write_file). Empty when it is neither.
struct PatchEdits {
  std::string path;
  bool create = false, remove = false;
  std::string content;  // create
  std::vector<Edit> edits;
};
Result<std::vector<PatchEdits>> parse_patch(const std::string& text);
Action action_of(PatchEdits file);  // removal is a command

}  // namespace mixagent
