#pragma once
// The texts in prompts/, with the user's own in their place. Which variables a text may use is a
// table here, so that a wrong name is found when the program starts, not in the middle of a run.
// Immutable after `open`, hence thread-safe.

#include "config/load.h"

#include "mixagent/prompts.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

struct PromptSpec {
  const char* name;
  std::vector<const char*> need;  // must be given, and be used by our own text
  std::vector<const char*> may;   // empty when not given; {{?name}} asks whether there is any
};
// `text_protocol` is true where `actions` is given: the seat's model has no native tool calls;
// `whole`, where a worker is asked for whole files.
const std::vector<PromptSpec>& prompt_specs();
const PromptSpec* find_prompt(std::string_view name);

class PromptFiles final : public Prompts {
 public:
  // `overrides` by name: "plan", "parts/rules". Error config, with the file: a name that is none, a
  // syntax error, a variable that the prompt does not have.
  static Result<PromptFiles> open(const std::map<std::string, ConfigText>& overrides);

  Result<std::string> render(std::string_view name, const PromptValues& values) const override;

 private:
  Result<std::string> part(std::string_view name) const;
  Result<void> learn_variables(const PromptSpec& spec);

  std::map<std::string, ConfigText> texts_;
  std::map<std::string, std::set<std::string>, std::less<>> variables_;
};

}  // namespace mixagent
