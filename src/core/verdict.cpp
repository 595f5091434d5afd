#include "core/verdict.h"

#include "base/text.h"

#include <algorithm>
#include <optional>

namespace mixagent {

namespace {

// What one command showed on one tree, all of its records taken together.
struct Showing {
  bool passed = false;
  bool flaky = false;
  bool unusable = false;
};

std::optional<Showing> showing_of(const std::vector<CheckRecord>& records,
                                  const std::string& command, const std::string* tree) {
  std::optional<Showing> showing;
  for (const auto& record : records) {
    if (record.command != command || (tree != nullptr && record.tree != *tree)) continue;
    Showing now{record.passed(), record.flaky, record.unusable};
    if (showing) {
      now.flaky = now.flaky || showing->flaky ||
                  (!now.unusable && !showing->unusable && now.passed != showing->passed);
    }
    showing = now;  // the last run counts
  }
  return showing;
}

// A record of the result may carry what the base gave, where the base's own record is missing.
std::optional<Showing> base_showing(const VerdictInput& input, const std::string& command) {
  if (auto showing = showing_of(input.baseline, command, nullptr)) return showing;
  for (const auto& record : input.final) {
    if (record.command != command || !record.baseline_exit_code) continue;
    return Showing{*record.baseline_exit_code == 0, false, false};
  }
  return std::nullopt;
}

struct NamedCheck {
  std::string command;
  CheckOrigin origin = CheckOrigin::user;
};

// In the order of the records. A command that a person and the planner both named is the person's.
std::vector<NamedCheck> checks_of(const VerdictInput& input) {
  std::vector<NamedCheck> checks;
  const auto add = [&](const CheckRecord& record) {
    const auto same = std::find_if(checks.begin(), checks.end(), [&](const NamedCheck& one) {
      return one.command == record.command;
    });
    if (same == checks.end()) {
      checks.push_back({record.command, record.origin});
    } else {
      same->origin = std::min(same->origin, record.origin);
    }
  };
  for (const auto& record : input.baseline) add(record);
  for (const auto& record : input.final) add(record);
  return checks;
}

enum class Role {
  unusable,        // could not run on the base, nor on the result
  not_run,         // passed on the base, nobody looked at the result
  flaky,           // differs on one tree
  discriminating,  // failed on the base, passes now
  regression,      // passed on the base, passes now
  passing,         // passes now, the base is unknown
  failed,
};

Role role_of(const std::optional<Showing>& base, const std::optional<Showing>& result) {
  const bool base_usable = base && !base->unusable;
  if (!result) {
    if (!base_usable) return Role::unusable;
    if (base->flaky) return Role::flaky;
    return base->passed ? Role::not_run : Role::failed;  // a target that nobody saw pass
  }
  if (result->unusable) return base_usable && !base->flaky ? Role::failed : Role::unusable;
  if (result->flaky || (base && base->flaky)) return Role::flaky;
  if (!result->passed) return Role::failed;
  if (!base_usable) return Role::passing;
  return base->passed ? Role::regression : Role::discriminating;
}

// What the checks showed, counted: `ours` are those that a person named or the repository brought
// along.
struct Tally {
  int usable = 0;
  int discriminating_ours = 0, discriminating_planner = 0;
  int regression_ours = 0;
  int flaky_ours = 0, not_run_ours = 0;
};

void count(Tally& tally, Role role, bool ours) {
  switch (role) {
    case Role::unusable:
      return;
    case Role::not_run:
      tally.not_run_ours += ours ? 1 : 0;
      return;  // says nothing about the result
    case Role::flaky:
      tally.flaky_ours += ours ? 1 : 0;
      break;
    case Role::discriminating:
      ++(ours ? tally.discriminating_ours : tally.discriminating_planner);
      break;
    case Role::regression:
      tally.regression_ours += ours ? 1 : 0;
      break;
    case Role::passing:
    case Role::failed:
      break;
  }
  ++tally.usable;
}

struct Claim {
  Verified verified;
  std::string why;
};

Claim claim_of(const Tally& tally, const VerdictInput& input) {
  if (tally.usable == 0) {
    return {Verified::none, tally.not_run_ours > 0
                                ? "no check ran on the delivered tree"
                                : "no usable check says anything about the result"};
  }
  const auto partial = [](std::string why) { return Claim{Verified::partial, std::move(why)}; };
  if (tally.not_run_ours > 0) return partial("not every check ran on the delivered tree");
  if (tally.flaky_ours > 0) return partial("a check is flaky: it differed on the same tree");
  if (!input.changed_test_files.empty()) {
    return partial("the change itself edits tests that the checks run: " +
                   clip(join(input.changed_test_files, ", "), 200));
  }
  if (tally.discriminating_ours > 0) {
    return {Verified::full, "a check that failed before passes now, and nothing broke"};
  }
  if (input.refactoring && tally.regression_ours > 0) {
    return {Verified::full, "a refactoring: every check that passed before passes now"};
  }
  if (tally.discriminating_planner > 0) {
    return partial("only a check that the planner named failed before and passes now");
  }
  return partial("nothing broke, but no check failed before and passes now");
}

}  // namespace

VerdictOutput judge(const VerdictInput& input) {
  VerdictOutput output;
  Tally tally;
  for (const auto& check : checks_of(input)) {
    const auto base = base_showing(input, check.command);
    const auto result = showing_of(input.final, check.command, &input.delivered_tree);
    const Role role = role_of(base, result);
    if (role == Role::failed) output.failed.push_back(check.command);
    count(tally, role, check.origin != CheckOrigin::planner);
  }
  output.passed = output.failed.empty();
  if (!output.passed) {
    output.why = output.failed.size() == 1
                     ? "a check fails: " + clip(output.failed[0], 200)
                     : std::to_string(output.failed.size()) +
                           " checks fail, the first: " + clip(output.failed[0], 200);
    return output;
  }
  const Claim claim = claim_of(tally, input);
  output.verified = claim.verified;
  output.why = claim.why;
  return output;
}

}  // namespace mixagent
