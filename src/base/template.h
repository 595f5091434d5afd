#pragma once
// Prompt templates, strict: {{name}}, {{#list}}...{{/list}}, {{?flag}}...{{/flag}},
// {{^flag}}...{{/flag}} (when not),
// {{> part}}. A tag other than {{name}} that stands alone on its line takes the line with it. A
// text or a list is a flag too: set when not empty. A name without a value is an error, and so is a
// value without a name. Values are never read as templates. Errors are `internal` with "name:line".

#include "mixagent/error.h"
#include "mixagent/prompts.h"

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace mixagent {

// Text of a part by name ("rules" for {{> rules}}).
using TemplateParts = std::function<Result<std::string>(std::string_view)>;

Result<std::string> render_template(std::string_view text, const PromptValues& values,
                                    const TemplateParts& parts, const std::string& name);
// Every name that the template (with its parts) uses at the top level.
Result<std::set<std::string>> template_variables(std::string_view text, const TemplateParts& parts,
                                                 const std::string& name);

}  // namespace mixagent
