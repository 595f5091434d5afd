#include "view/words.h"

#include "base/text.h"

#include <algorithm>
#include <cstdio>

namespace mixagent {

namespace {

std::string outcome_of(int exit_code) {
  return exit_code == 0 ? "passes" : "fails (exit " + std::to_string(exit_code) + ")";
}

bool discriminates(const CheckRecord& check) {
  return check.discriminates();
}

bool named_by_user(const CheckRecord& check) {
  return check.origin != CheckOrigin::planner;
}

std::string quoted(const CheckRecord& check) {
  return "`" + escape_terminal_line(clip(check.command, 70)) + "`";
}

std::string explain_full(const std::vector<CheckRecord>& checks) {
  const auto proof = std::find_if(checks.begin(), checks.end(), [](const CheckRecord& check) {
    return discriminates(check) && named_by_user(check);
  });
  const bool by_tests = std::any_of(checks.begin(), checks.end(), [](const CheckRecord& check) {
    return check.origin == CheckOrigin::tester && check.passed();
  });
  if (proof == checks.end() && by_tests) {
    return "tests that were written for the goal failed before and pass now, nothing that passed "
           "before fails";
  }
  if (proof == checks.end()) return "every check that passed before still passes";
  return quoted(*proof) +
         " failed before and passes now, nothing that passed before fails, on exactly the tree "
         "delivered";
}

std::string explain_partial(const std::vector<CheckRecord>& checks) {
  const bool flaky =
      std::any_of(checks.begin(), checks.end(), [](const CheckRecord& c) { return c.flaky; });
  if (flaky) return "nothing that passed before fails, but a check is flaky and proves little";
  const bool proven = std::any_of(checks.begin(), checks.end(), [](const CheckRecord& check) {
    return discriminates(check) && named_by_user(check);
  });
  if (proven) {
    return "a check failed before and passes now, but the change also edits tests that the checks "
           "run: read those";
  }
  const bool planner_only = std::any_of(checks.begin(), checks.end(), discriminates);
  if (planner_only) {
    return "nothing that passed before fails; what failed before and passes now was named by "
           "models only";
  }
  return "nothing that passed before fails, but no check failed before and passes now: add one "
         "with --check";
}

}  // namespace

std::string before_and_after(const CheckRecord& check) {
  if (check.unusable) {
    return check.why.empty() ? "cannot run" : "cannot run: " + escape_terminal_line(check.why);
  }
  const std::string before =
      check.baseline_exit_code ? outcome_of(*check.baseline_exit_code) : "not run";
  std::string text = before + " → " + outcome_of(check.exit_code);
  if (check.counts && check.counts->failed > 0 && check.passed())
    text += ", " + std::to_string(check.counts->failed) + " failing as before";
  if (!check.broken.empty())
    text += ": " + escape_terminal_line(clip(join(check.broken, ", "), 120));
  return text + (check.flaky ? " (flaky)" : "");
}

std::string explain_verified(Verified verified, const std::vector<CheckRecord>& checks) {
  switch (verified) {
    case Verified::full:
      return explain_full(checks);
    case Verified::partial:
      return explain_partial(checks);
    case Verified::none:
      break;
  }
  const bool usable =
      std::any_of(checks.begin(), checks.end(), [](const CheckRecord& c) { return !c.unusable; });
  if (checks.empty() || !usable) return "there was no usable check: name one with --check";
  const auto failed = std::find_if(checks.begin(), checks.end(),
                                   [](const CheckRecord& check) { return !check.passed(); });
  if (failed != checks.end()) return quoted(*failed) + " does not pass";
  return "the checks did not run on the tree delivered";
}

std::string paint_status(std::string_view status, const Paint& paint) {
  if (status == "verified" || status == "full") return paint.green(status);
  if (status == "failed" || status == "none") return paint.red(status);
  return paint.yellow(status);
}

std::string percent(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return "";
  return std::to_string((part * 100 + whole / 2) / whole) + " %";
}

std::string saving_factor(Money total, Money frontier) {
  if (total.pico <= 0 || frontier.pico <= 0) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f times as much", to_usd(frontier) / to_usd(total));
  return text;
}

}  // namespace mixagent
