#include "core/verdict.h"

#include "base/text.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

namespace mixagent {

namespace {

constexpr std::size_t most_named = 50;  // tests in one record

bool is_bad(TestStatus status) {
  return status == TestStatus::failed || status == TestStatus::error;
}

void name(std::vector<std::string>& list, const std::string& test) {
  if (list.size() < most_named) list.push_back(test);
}

TestCounts counts_of(const std::map<std::string, TestStatus>& tests) {
  TestCounts counts;
  for (const auto& [test, status] : tests) {
    if (is_bad(status)) ++counts.failed;
    if (status == TestStatus::passed) ++counts.passed;
    if (status == TestStatus::skipped || status == TestStatus::flaky) ++counts.skipped;
  }
  return counts;
}

bool in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// "test_x" of "tests/a.py::TestA::test_x[1-2]".
std::string_view own_name(std::string_view test) {
  test = test.substr(0, test.find('['));
  for (const std::string_view mark : {"::", " > ", "/", "."}) {
    const auto at = test.rfind(mark);
    if (at != std::string_view::npos && at + mark.size() < test.size())
      test.remove_prefix(at + mark.size());
  }
  return test;
}

// Lower-case words, snake_case and camelCase taken apart, without those that every test's name has.
std::set<std::string> words_of(std::string_view text) {
  static const std::set<std::string> common = {"test", "tests",  "the",  "and",   "for",  "not",
                                               "with", "when",   "that", "this",  "from", "into",
                                               "is",   "should", "does", "works", "make", "fix",
                                               "case", "all",    "are",  "has",   "unit", "spec"};
  std::set<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (word.size() >= 3 && common.count(word) == 0) words.insert(word);
    word.clear();
  };
  char before = ' ';
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (!in_word(c) || c == '_') {
      end_word();
    } else {
      if (upper && before >= 'a' && before <= 'z') end_word();
      word += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    before = c;
  }
  end_word();
  return words;
}

// Passed on the base, and the result says nothing of them any more, or skips them.
std::vector<std::string> vanished(const CheckRecord& base, const CheckRecord& now) {
  std::vector<std::string> gone;
  for (const auto& [test, status] : base.tests) {
    if (status != TestStatus::passed) continue;
    const auto found = now.tests.find(test);
    if (found == now.tests.end() || found->second == TestStatus::skipped) name(gone, test);
  }
  return gone;
}

const CheckRecord* record_of(const std::vector<CheckRecord>& records, const std::string& command) {
  const auto found = std::find_if(records.rbegin(), records.rend(),
                                  [&](const CheckRecord& one) { return one.command == command; });
  return found == records.rend() ? nullptr : &*found;
}

// What one command showed on one tree, all of its records taken together.
struct Showing {
  bool passed = false;
  bool flaky = false;
  bool unusable = false;
  bool per_test = false, fixed_some = false;
};

std::optional<Showing> showing_of(const std::vector<CheckRecord>& records,
                                  const std::string& command, const std::string* tree) {
  std::optional<Showing> showing;
  for (const auto& record : records) {
    if (record.command != command || (tree != nullptr && record.tree != *tree)) continue;
    Showing now{record.passed(), record.flaky, record.unusable, record.counts.has_value(),
                record.discriminates()};
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
    return Showing{*record.baseline_exit_code == 0, false, false, false, false};
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
  for (const auto& record : input.seen_failing) add(record);
  return checks;
}

enum class Role {
  unusable,        // could not run on the base, nor on the result
  not_run,         // passed on the base, nobody looked at the result
  flaky,           // differs on one tree
  discriminating,  // failed on the base, passes now
  regression,      // passed on the base, passes now; or what failed there is only reported
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
  if (base->passed) return Role::regression;
  return !result->per_test || result->fixed_some ? Role::discriminating : Role::regression;
}

// A check that a test step brought: mixagent saw it fail by its tests before, and sees it pass now.
bool proven_by_tests(const VerdictInput& input, const std::string& command, Role role) {
  const CheckRecord* before = record_of(input.seen_failing, command);
  if (before == nullptr || before->unusable || before->passed()) return false;
  return role == Role::regression || role == Role::passing || role == Role::discriminating;
}

// Of all checks: tests that passed on the base and that the result does not run any more, unless
// they pass in their former version.
std::vector<std::string> all_vanished(const VerdictInput& input) {
  std::vector<std::string> gone;
  for (const CheckRecord& now : input.final) {
    const CheckRecord* base = record_of(input.baseline, now.command);
    if (base == nullptr || now.tree != input.delivered_tree || now.tests.empty()) continue;
    const CheckRecord* former = record_of(input.former, now.command);
    for (const std::string& test : vanished(*base, now)) {
      const auto kept = former == nullptr ? now.tests.end() : former->tests.find(test);
      const bool passes =
          former != nullptr && kept != former->tests.end() && kept->second == TestStatus::passed;
      if (!passes) name(gone, test);
    }
  }
  return gone;
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
  if (const auto gone = all_vanished(input); !gone.empty()) {
    return partial("tests that passed before do not run any more: " + clip(join(gone, ", "), 200));
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

bool names_test(const std::string& text, const std::string& test) {
  const std::string_view own = own_name(test);
  if (own.size() < 3) return false;
  for (auto at = text.find(own); at != std::string::npos; at = text.find(own, at + 1)) {
    const bool begins = at == 0 || !in_word(text[at - 1]);
    const bool ends = at + own.size() == text.size() || !in_word(text[at + own.size()]);
    if (begins && ends) return true;
  }
  return false;
}

bool hints_at(const std::string& text, const std::string& test) {
  const std::set<std::string> said = words_of(text);
  const std::set<std::string> own = words_of(own_name(test));
  return std::any_of(own.begin(), own.end(),
                     [&](const std::string& word) { return said.count(word) != 0; });
}

void judge_tests(CheckRecord& now, const CheckRecord* base, const std::string& names,
                 const std::string& goal) {
  const bool base_told = base != nullptr && !base->tests.empty();
  now.broken.clear();
  now.fixed.clear();
  if (now.tests.empty()) {
    if (!base_told || now.unusable) return;
    now.accepted = false;
    now.why = "the runner wrote no results, although it did on the base";
    return;
  }
  now.counts = counts_of(now.tests);
  int known = 0;
  std::vector<std::string> hinted;
  for (const auto& [test, status] : now.tests) {
    const auto before = base_told ? base->tests.find(test) : now.tests.end();
    const bool there = base_told && before != base->tests.end();
    if (!is_bad(status)) {
      if (there && status == TestStatus::passed && is_bad(before->second)) name(now.fixed, test);
      continue;
    }
    const bool excused = there && (is_bad(before->second) || before->second == TestStatus::flaky) &&
                         !names_test(names, test);
    known += excused ? 1 : 0;
    if (excused && hints_at(goal, test)) name(hinted, test);
    if (!excused) name(now.broken, test);
  }
  if (now.fixed.empty() && now.broken.empty()) now.broken = hinted;
  // A runner that ended badly and left tests out did not get to them.
  if (now.exit_code != 0 && base_told) {
    for (const std::string& test : vanished(*base, now)) name(now.broken, test);
  }
  const bool explained = now.exit_code == 0 || (known > 0 && now.exit_code < 124);
  now.accepted = now.broken.empty() && explained;
}

VerdictOutput judge(const VerdictInput& input) {
  VerdictOutput output;
  Tally tally;
  for (const auto& check : checks_of(input)) {
    const auto base = base_showing(input, check.command);
    const auto result = showing_of(input.final, check.command, &input.delivered_tree);
    Role role = role_of(base, result);
    if (role == Role::failed) output.failed.push_back(check.command);
    const bool by_tests = proven_by_tests(input, check.command, role);
    if (by_tests) role = Role::discriminating;
    count(tally, role, by_tests || check.origin != CheckOrigin::planner);
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
