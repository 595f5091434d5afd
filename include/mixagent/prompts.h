#pragma once
// The texts that people tune: prompts/NAME.md, embedded at build, overridable by name in the user's
// configuration folder.

#include "mixagent/error.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

// A list item for {{#name}}...{{/name}} is a map of its own.
struct PromptValues {
  std::map<std::string, std::string> text;
  std::map<std::string, bool> flags;
  std::map<std::string, std::vector<PromptValues>> lists;
};

class Prompts {
 public:
  virtual ~Prompts() = default;
  // A name without a template, a variable without a value, or a value without a variable is an
  // Error `internal` (for an overridden file: `config`, with file and line).
  virtual Result<std::string> render(std::string_view name, const PromptValues& values) const = 0;
};

}  // namespace mixagent
