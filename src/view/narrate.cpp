#include "view/narrate.h"

#include "base/text.h"
#include "view/words.h"

#include <algorithm>
#include <map>

namespace mixagent {

namespace {

using Lines = std::vector<Line>;

constexpr std::size_t most_about = 100;  // bytes of a command or path in a line

Line plain(std::string text) {
  return {Weight::normal, Mood::plain, std::move(text)};
}
Line good(std::string text) {
  return {Weight::normal, Mood::good, std::move(text)};
}
Line bad(std::string text) {
  return {Weight::normal, Mood::bad, std::move(text)};
}
Line warning(std::string text) {
  return {Weight::normal, Mood::warning, std::move(text)};
}
Line detail(std::string text) {
  return {Weight::detail, Mood::plain, std::move(text)};
}

// "s1: " in front of what belongs to a step.
std::string at(const std::string& step) {
  return step.empty() ? "" : step + ": ";
}

std::string because(const std::string& why) {
  return why.empty() ? "" : ": " + clip(why, 300);
}

std::string command(const std::string& text) {
  return "`" + clip(text, most_about) + "`";
}

std::string some_tokens(const Usage& usage) {
  std::string text = format_count(usage.input) + " in";
  if (usage.cached_input > 0) text += " (" + percent(usage.cached_input, usage.input) + " cached)";
  return text + ", " + format_count(usage.output) + " out";
}

// Seats that share a ladder share a line.
std::map<std::string, std::vector<std::string>> by_models(
    const std::map<std::string, std::string>& seats) {
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& [seat, models] : seats) out[models].push_back(seat);
  return out;
}

Lines say(const RunStarted& fact) {
  Lines lines = {plain("goal: " + clip(fact.goal, 300))};
  for (const auto& [models, seats] : by_models(fact.seats)) {
    lines.push_back(plain(join(seats, ", ") + ": " + models));
  }
  if (fact.cap) lines.push_back(detail("never spends more than " + format_usd(*fact.cap)));
  if (!fact.isolation.empty() && fact.isolation != "full") {
    lines.push_back(warning("sandbox: " + fact.isolation + ", weaker than full"));
  }
  return lines;
}

Lines say(const RunResumed& fact) {
  return {plain("resumed after event " + std::to_string(fact.after_seq))};
}

Lines say(const SnapshotTaken& fact) {
  Lines lines = {
      detail("snapshot: " + format_count(fact.files) + " files, " +
             format_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(fact.bytes, 0))))};
  for (const std::string& path : fact.left_out) lines.push_back(warning("left out: " + path));
  return lines;
}

Lines say(const BaselineCompleted& fact) {
  Lines lines;
  for (const CheckRecord& check : fact.checks) {
    const std::string name = "before: " + command(check.command);
    if (check.unusable) {
      lines.push_back(bad(name + " cannot run" + because(check.why)));
    } else if (check.flaky) {
      lines.push_back(warning(name + " is flaky and will not decide"));
    } else if (check.passed()) {
      lines.push_back(plain(name + " passes and must go on passing"));
    } else {
      lines.push_back(plain(name + " fails and must pass at the end"));
    }
  }
  return lines;
}

Lines say(const PlanCreated& fact) {
  Lines lines;
  const bool again = fact.revision > 1;
  const bool solo = fact.lane == "solo";
  lines.push_back(plain((again  ? "new plan"
                         : solo ? "no plan, one step"
                                : "plan") +
                        because(fact.reason)));
  for (const Step& step : fact.plan.steps) {
    std::string text = "  " + step.id + " " + clip(step.title, most_about);
    if (!step.depends_on.empty()) text += " (after " + join(step.depends_on, ", ") + ")";
    lines.push_back(plain(std::move(text)));
  }
  for (const std::string& text : fact.warnings) lines.push_back(detail("plan: " + text));
  return lines;
}

Lines say(const PlanRejected& fact) {
  return {warning("plan refused" + because(fact.why))};
}

Lines say(const Replanned& fact) {
  return {warning(at(fact.step) + "back to the planner" + because(fact.why))};
}

Lines say(const StepStarted& fact) {
  return {detail(at(fact.step) + "started, " + fact.title)};
}

Lines say(const AttemptStarted& fact) {
  return {plain(at(fact.step) + "attempt " + std::to_string(fact.attempt) + " by " + fact.model +
                (fact.seat == "worker" ? "" : " (" + fact.seat + ")") + because(fact.why))};
}

Lines say(const CallStarted&) {
  return {};
}

Lines say(const CallCompleted& fact) {
  return {detail(at(fact.step) + fact.seat + " " + fact.model + ": " + some_tokens(fact.usage) +
                 ", " + format_usd(fact.cost) + ", " + format_duration_ms(fact.ms))};
}

Lines say(const CallRetried& fact) {
  if (fact.kind == "hedged") {
    return {warning(at(fact.step) + fact.model + " says nothing for " +
                    format_duration_ms(fact.wait_ms) + ", asked a second time")};
  }
  const std::string wait =
      fact.wait_ms > 0 ? ", again in " + format_duration_ms(fact.wait_ms) : ", asked again";
  return {warning(at(fact.step) + fact.model + " " + fact.kind + wait + because(fact.why))};
}

Lines say(const CallFailedOver& fact) {
  return {warning(at(fact.step) + fact.from + " is not available (" + fact.kind + "), taking " +
                  fact.to)};
}

Lines say(const CallFailed& fact) {
  return {bad(at(fact.step) + fact.model + " failed, " + fact.kind + because(fact.message))};
}

Lines say(const EffectCompleted&) {
  return {};
}

Lines say(const ToolCompleted& fact) {
  return {detail(at(fact.step) + fact.name + " " + clip(fact.about, most_about) +
                 (fact.ok ? "" : " (refused)"))};
}

Lines say(const EditApplied&) {
  return {};
}

Lines say(const EditRejected& fact) {
  return {detail(at(fact.step) + "edit of " + fact.path + " refused" + because(fact.why))};
}

Lines say(const ScopeExtended& fact) {
  return {detail(at(fact.step) + "also writes " + fact.path)};
}

Lines say(const GateFailed& fact) {
  const std::string text = at(fact.step) + "gate " + fact.gate + because(fact.why);
  return {fact.hard ? bad(text) : warning(text)};
}

Lines say(const CheckCompleted& fact) {
  if (fact.phase == "baseline") return {};  // baseline.completed says it
  const CheckRecord& check = fact.check;
  const std::string what = at(fact.step) + (fact.step.empty() ? fact.phase + " " : "") + "check " +
                           command(check.command);
  if (check.unusable) return {bad(what + " cannot run" + because(check.why))};
  if (check.flaky) return {warning(what + " is flaky")};
  if (check.passed()) return {plain(what + " passes")};
  return {bad(what + " fails (exit " + std::to_string(check.exit_code) + ")")};
}

Lines say(const AttemptCompleted& fact) {
  if (fact.outcome == "accepted") return {};  // step.completed says it
  return {bad(at(fact.step) + "attempt " + std::to_string(fact.attempt) + " by " + fact.model +
              " not accepted, " + replace_all(fact.outcome, "_", " ") + because(fact.why))};
}

Lines say(const Escalated& fact) {
  return {warning(at(fact.step) + "climbs from " + fact.from + " to " + fact.to +
                  because(replace_all(fact.why, "checks_failed", "checks failed")))};
}

Lines say(const LadderStopped& fact) {
  return {warning(at(fact.step) + "no further rung after " + fact.model + because(fact.why))};
}

Lines say(const ReviewCompleted& fact) {
  const std::string who = at(fact.step) + "review by " + fact.model;
  if (fact.model.empty()) return {warning(at(fact.step) + "review" + because(fact.note))};
  Lines lines;
  const bool approved = fact.review.verdict == ReviewVerdict::approve;
  const std::string verdict = who + ": " + std::string(enum_name(fact.review.verdict));
  lines.push_back(approved ? good(verdict) : warning(verdict));
  for (const Finding& finding : fact.review.findings) {
    const std::string place =
        finding.file + (finding.line > 0 ? ":" + std::to_string(finding.line) : "");
    const std::string text = "  " + finding.id + " " + std::string(enum_name(finding.severity)) +
                             " " + place + " " + clip(finding.claim, 200);
    lines.push_back(finding.severity == Severity::blocking ? warning(text) : detail(text));
  }
  if (!fact.note.empty()) lines.push_back(warning("  " + fact.note));
  return lines;
}

Lines say(const StepCompleted& fact) {
  const std::string text = at(fact.step) + std::string(enum_name(fact.status)) + because(fact.why);
  switch (fact.status) {
    case StepStatus::verified:
      return {good(text)};
    case StepStatus::unverified:
    case StepStatus::skipped:
      return {warning(text)};
    case StepStatus::failed:
      return {bad(text)};
  }
  return {};
}

Lines say(const StepSkipped& fact) {
  return {warning(at(fact.step) + "skipped" + because(fact.why))};
}

Lines say(const ChangeIntegrated& fact) {
  if (!fact.resolved.empty())
    return {plain(at(fact.step) + "integrated, conflicts settled in " + join(fact.resolved, ", "))};
  if (fact.conflicts.empty()) return {detail(at(fact.step) + "integrated")};
  return {warning(at(fact.step) + "conflicts in " + join(fact.conflicts, ", "))};
}

Lines say(const ChangeApplied& fact) {
  if (!fact.conflicts.empty()) {
    return {bad("not applied, changed by you meanwhile: " + join(fact.conflicts, ", "))};
  }
  if (fact.how == "started") return {};
  return {good("delivered to " + (fact.target.empty() ? fact.how : fact.how + " " + fact.target) +
               ", " + format_count(static_cast<std::int64_t>(fact.files.size())) + " files")};
}

Lines say(const BudgetWarning& fact) {
  return {warning(std::to_string(fact.percent) + " % of the cap " + fact.key +
                  " are spent: " + format_usd(fact.spent) + " of " + format_usd(fact.cap))};
}

Lines say(const NoteAdded& fact) {
  return {warning(at(fact.step) + "note: " + clip(fact.text, 500))};
}

Lines say(const RunCompleted&) {
  return {};
}  // the summary says it

Lines say(const UnknownFact& fact) {
  return {detail("unknown event " + fact.name)};
}

}  // namespace

std::vector<Line> narrate(const Event& event) {
  return std::visit([](const auto& fact) { return say(fact); }, event.fact);
}

}  // namespace mixagent
