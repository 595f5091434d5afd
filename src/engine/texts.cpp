#include "engine/texts.h"

#include "core/text_protocol.h"

#include <fmt/core.h>

#include <algorithm>

namespace mixagent {

Result<std::string> render(const Tools& tools, const std::string& name,
                           const std::map<std::string, std::string>& values) {
  PromptValues all;
  all.text = values;
  return tools.prompts.render(name, all);
}

Result<std::string> render_system(const Tools& tools, const Seat& seat, const Model& model,
                                  const std::vector<std::string>& offered, bool whole) {
  PromptValues values;
  const bool blocks = model.protocol == Protocol::text;
  values.flags["text_protocol"] = blocks;
  values.flags["whole"] = whole;
  values.text["actions"] = blocks ? describe_text_actions(offered) : "";
  return tools.prompts.render(seat.prompt, values);
}

std::vector<std::string> worker_tools(const Lineup& lineup, const Seat& seat) {
  std::vector<std::string> offered = seat.tools;
  const Seat* advisor = lineup.seat("advisor");
  if (advisor == nullptr || advisor->ladder.empty()) {
    offered.erase(std::remove(offered.begin(), offered.end(), "ask_advisor"), offered.end());
  }
  return offered;
}

bool is_ours(const Error& error) {
  return error.code == ErrorCode::budget || error.code == ErrorCode::cancelled ||
         error.code == ErrorCode::io || error.code == ErrorCode::corrupt ||
         error.code == ErrorCode::internal;
}

std::string findings_text(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    out +=
        fmt::format("- {} ({}) {}{}: {}\n", finding.id, enum_name(finding.severity), finding.file,
                    finding.line > 0 ? ":" + std::to_string(finding.line) : "", finding.claim);
    if (!finding.evidence.empty()) out += "  evidence: " + finding.evidence + "\n";
    if (!finding.fix.empty()) out += "  fix: " + finding.fix + "\n";
  }
  return out;
}

std::string checks_text(const std::vector<CheckRecord>& checks) {
  std::string out;
  for (const CheckRecord& check : checks) {
    out += fmt::format("- `{}`: {}", check.command,
                       check.unusable   ? "could not run"
                       : check.passed() ? "passes"
                                        : "fails");
    if (check.baseline_exit_code)
      out += *check.baseline_exit_code == 0 ? " (passed before)" : " (failed before)";
    if (check.flaky) out += " (flaky)";
    out += "\n";
  }
  return out.empty() ? "- none\n" : out;
}

}  // namespace mixagent
