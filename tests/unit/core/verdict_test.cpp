#include "core/verdict.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace mixagent {
namespace {

using Strings = std::vector<std::string>;

constexpr int unusable = -1;

CheckRecord record(const std::string& command, int exit_code, const std::string& tree,
                   CheckOrigin origin = CheckOrigin::user, bool flaky = false) {
  CheckRecord made;
  made.command = command;
  made.exit_code = exit_code == unusable ? 127 : exit_code;
  made.unusable = exit_code == unusable;
  made.tree = tree;
  made.origin = origin;
  made.flaky = flaky;
  return made;
}

CheckRecord base(const std::string& command, int exit_code, CheckOrigin origin = CheckOrigin::user,
                 bool flaky = false) {
  return record(command, exit_code, "base", origin, flaky);
}
CheckRecord end(const std::string& command, int exit_code, CheckOrigin origin = CheckOrigin::user,
                bool flaky = false) {
  return record(command, exit_code, "end", origin, flaky);
}

constexpr auto user = CheckOrigin::user;
constexpr auto detected = CheckOrigin::detected;
constexpr auto planner = CheckOrigin::planner;

TEST_CASE("what verified may be called") {
  CheckRecord knows_base = end("t", 0);
  knows_base.baseline_exit_code = 1;
  CheckRecord knows_good_base = end("t", 1);
  knows_good_base.baseline_exit_code = 0;

  struct Case {
    const char* name;
    std::vector<CheckRecord> baseline, final;
    bool refactoring;
    Strings changed_tests;
    Verified verified;
    bool passed;
    Strings failed;
  };
  const auto none = Verified::none;
  const auto partial = Verified::partial;
  const auto full = Verified::full;
  const std::vector<Case> cases = {
      {"no checks at all", {}, {}, false, {}, none, true, {}},
      {"a user's target is met", {base("t", 1)}, {end("t", 0)}, false, {}, full, true, {}},
      {"a detected target is met",
       {base("t", 1, detected)},
       {end("t", 0, detected)},
       false,
       {},
       full,
       true,
       {}},
      {"a planner's target is met",
       {base("t", 1, planner)},
       {end("t", 0, planner)},
       false,
       {},
       partial,
       true,
       {}},
      {"named by both: the user's",
       {base("t", 1, planner)},
       {end("t", 0, user)},
       false,
       {},
       full,
       true,
       {}},
      {"regression only", {base("t", 0)}, {end("t", 0)}, false, {}, partial, true, {}},
      {"regression and a user's target",
       {base("s", 0), base("t", 1)},
       {end("s", 0), end("t", 0)},
       false,
       {},
       full,
       true,
       {}},
      {"regression and a planner's target",
       {base("s", 0), base("t", 1, planner)},
       {end("s", 0), end("t", 0, planner)},
       false,
       {},
       partial,
       true,
       {}},
      {"refactoring: regression suffices", {base("t", 0)}, {end("t", 0)}, true, {}, full, true, {}},
      {"refactoring: not the planner's alone",
       {base("t", 0, planner)},
       {end("t", 0, planner)},
       true,
       {},
       partial,
       true,
       {}},
      {"refactoring without checks", {}, {}, true, {}, none, true, {}},
      {"refactoring that breaks", {base("t", 0)}, {end("t", 1)}, true, {}, none, false, {"t"}},
      {"a target is not met", {base("t", 1)}, {end("t", 1)}, false, {}, none, false, {"t"}},
      {"a regression", {base("t", 0)}, {end("t", 2)}, false, {}, none, false, {"t"}},
      {"a target met, a regression",
       {base("s", 0), base("t", 1)},
       {end("s", 1), end("t", 0)},
       false,
       {},
       none,
       false,
       {"s"}},
      {"two failures, in order",
       {base("s", 0), base("t", 1)},
       {end("s", 1), end("t", 1)},
       false,
       {},
       none,
       false,
       {"s", "t"}},
      {"a planner's regression counts",
       {base("t", 0, planner)},
       {end("t", 1, planner)},
       false,
       {},
       none,
       false,
       {"t"}},
      {"ran on another tree: target unseen",
       {base("t", 1)},
       {record("t", 0, "other")},
       false,
       {},
       none,
       false,
       {"t"}},
      {"ran on another tree: regression unseen",
       {base("t", 0)},
       {record("t", 0, "other")},
       false,
       {},
       none,
       true,
       {}},
      {"one of two ran on the delivered tree",
       {base("s", 0), base("t", 1)},
       {record("s", 0, "other"), end("t", 0)},
       false,
       {},
       partial,
       true,
       {}},
      {"failed on another tree, passes here",
       {base("t", 1)},
       {record("t", 1, "other"), end("t", 0)},
       false,
       {},
       full,
       true,
       {}},
      {"target never run again", {base("t", 1)}, {}, false, {}, none, false, {"t"}},
      {"flaky on the base",
       {base("t", 1, user, true)},
       {end("t", 0)},
       false,
       {},
       partial,
       true,
       {}},
      {"flaky on the result",
       {base("t", 0)},
       {end("t", 1, user, true)},
       false,
       {},
       partial,
       true,
       {}},
      {"flaky without the mark",
       {base("t", 1), base("t", 0)},
       {end("t", 0)},
       false,
       {},
       partial,
       true,
       {}},
      {"flaky beside a met target",
       {base("s", 0), base("t", 1)},
       {end("s", 0, user, true), end("t", 0)},
       false,
       {},
       partial,
       true,
       {}},
      {"a planner's flaky one does not lower",
       {base("s", 0, planner), base("t", 1)},
       {end("s", 0, planner, true), end("t", 0)},
       false,
       {},
       full,
       true,
       {}},
      {"unusable on both", {base("t", unusable)}, {end("t", unusable)}, false, {}, none, true, {}},
      {"unusable on the base, passes now",
       {base("t", unusable)},
       {end("t", 0)},
       false,
       {},
       partial,
       true,
       {}},
      {"unusable on the base, fails now",
       {base("t", unusable)},
       {end("t", 1)},
       false,
       {},
       none,
       false,
       {"t"}},
      {"the change made it unusable",
       {base("t", 0)},
       {end("t", unusable)},
       false,
       {},
       none,
       false,
       {"t"}},
      {"unusable beside a met target",
       {base("s", unusable), base("t", 1)},
       {end("s", unusable), end("t", 0)},
       false,
       {},
       full,
       true,
       {}},
      {"the base is unknown", {}, {end("t", 0)}, false, {}, partial, true, {}},
      {"the base is unknown, fails", {}, {end("t", 1)}, false, {}, none, false, {"t"}},
      {"the record knows the base", {}, {knows_base}, false, {}, full, true, {}},
      {"the record knows a good base", {}, {knows_good_base}, false, {}, none, false, {"t"}},
      {"the change edits the tests",
       {base("t", 1)},
       {end("t", 0)},
       false,
       {"tests/test_t.py"},
       partial,
       true,
       {}},
      {"a refactoring that edits tests",
       {base("t", 0)},
       {end("t", 0)},
       true,
       {"tests/test_t.py"},
       partial,
       true,
       {}},
      {"repeated after a failure, steady",
       {base("t", 1), base("t", 1)},
       {end("t", 1), end("t", 1)},
       false,
       {},
       none,
       false,
       {"t"}},
  };
  for (const auto& one : cases) {
    INFO(std::string(one.name));
    VerdictInput input;
    input.baseline = one.baseline;
    input.final = one.final;
    input.delivered_tree = "end";
    input.refactoring = one.refactoring;
    input.changed_test_files = one.changed_tests;
    const auto output = judge(input);
    CHECK(std::string(enum_name(output.verified)) == std::string(enum_name(one.verified)));
    CHECK(output.passed == one.passed);
    CHECK(output.failed == one.failed);
    CHECK_FALSE(output.why.empty());
  }
}

TEST_CASE("the reason is a sentence for people") {
  const auto why = [](const VerdictInput& input) { return judge(input).why; };
  VerdictInput input;
  input.delivered_tree = "end";
  CHECK(why(input) == "no usable check says anything about the result");
  input.baseline = {base("pytest -q", 1)};
  input.final = {end("pytest -q", 1)};
  CHECK(why(input) == "a check fails: pytest -q");
  input.final = {end("pytest -q", 0)};
  CHECK(why(input) == "a check that failed before passes now, and nothing broke");
  input.changed_test_files = {"a_test.py", "b_test.py"};
  CHECK(why(input) == "the change itself edits tests that the checks run: a_test.py, b_test.py");
  input.changed_test_files = {};
  input.baseline = {base("pytest -q", 0)};
  input.final = {};
  CHECK(why(input) == "no check ran on the delivered tree");
}

}  // namespace
}  // namespace mixagent
