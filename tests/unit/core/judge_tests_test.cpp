#include "core/verdict.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace mixagent {
namespace {

constexpr auto passed = TestStatus::passed;
constexpr auto failed = TestStatus::failed;
constexpr auto error = TestStatus::error;
constexpr auto skipped = TestStatus::skipped;
constexpr auto flaky = TestStatus::flaky;

using Tests = std::map<std::string, TestStatus>;
using Strings = std::vector<std::string>;

CheckRecord record(int exit_code, Tests tests) {
  CheckRecord made;
  made.command = "suite";
  made.exit_code = exit_code;
  made.tests = std::move(tests);
  return made;
}

TEST_CASE("one run against the base, test by test") {
  struct Case {
    const char* name;
    CheckRecord base, now;
    std::string names, goal;
    bool accepted;
    Strings broken, fixed;
  };
  const std::vector<Case> cases = {
      {"nothing changed",
       record(0, {{"a", passed}}),
       record(0, {{"a", passed}}),
       "",
       "",
       true,
       {},
       {}},
      {"fixed", record(1, {{"a", failed}}), record(0, {{"a", passed}}), "", "", true, {}, {"a"}},
      {"broken", record(0, {{"a", passed}}), record(1, {{"a", failed}}), "", "", false, {"a"}, {}},
      {"old and red",
       record(1, {{"old", failed}, {"a", passed}}),
       record(1, {{"old", failed}, {"a", passed}}),
       "",
       "",
       true,
       {},
       {}},
      {"old, red and named",
       record(1, {{"t::old_one", failed}, {"a", passed}}),
       record(1, {{"t::old_one", failed}, {"a", passed}}),
       "let old_one pass",
       "",
       false,
       {"t::old_one"},
       {}},
      {"named in part is not named",
       record(1, {{"t::old", failed}}),
       record(1, {{"t::old", failed}}),
       "the older one",
       "",
       true,
       {},
       {}},
      {"the goal is about it",
       record(1, {{"test_pages", failed}}),
       record(1, {{"test_pages", failed}}),
       "",
       "Count pages from one",
       false,
       {"test_pages"},
       {}},
      {"the goal is about it, and something moved",
       record(1, {{"test_pages", failed}, {"test_other", failed}}),
       record(1, {{"test_pages", failed}, {"test_other", passed}}),
       "",
       "Count pages from one",
       true,
       {},
       {"test_other"}},
      {"new and red",
       record(0, {{"a", passed}}),
       record(1, {{"a", passed}, {"b", failed}}),
       "",
       "",
       false,
       {"b"},
       {}},
      {"an error of an old red one",
       record(1, {{"a", failed}}),
       record(1, {{"a", error}}),
       "",
       "",
       true,
       {},
       {}},
      {"flaky on the base",
       record(0, {{"a", flaky}}),
       record(1, {{"a", failed}}),
       "",
       "",
       true,
       {},
       {}},
      {"exit 0 with a failure",
       record(0, {{"a", passed}}),
       record(0, {{"a", failed}}),
       "",
       "",
       false,
       {"a"},
       {}},
      {"exit 1 without one",
       record(0, {{"a", passed}}),
       record(1, {{"a", passed}}),
       "",
       "",
       false,
       {},
       {}},
      {"killed",
       record(1, {{"old", failed}}),
       record(137, {{"old", failed}}),
       "",
       "",
       false,
       {},
       {}},
      {"ended badly and left one out",
       record(1, {{"old", failed}, {"a", passed}}),
       record(1, {{"old", failed}}),
       "",
       "",
       false,
       {"a"},
       {}},
      {"skipped now",
       record(0, {{"a", passed}, {"b", passed}}),
       record(0, {{"a", skipped}, {"b", passed}}),
       "",
       "",
       true,
       {},
       {}},
      {"no report any more", record(0, {{"a", passed}}), record(0, {}), "", "", false, {}, {}},
  };
  for (const Case& test : cases) {
    INFO(std::string(test.name));
    CheckRecord now = test.now;
    judge_tests(now, &test.base, test.names, test.goal);
    CHECK(now.passed() == test.accepted);
    CHECK(now.broken == test.broken);
    CHECK(now.fixed == test.fixed);
  }
}

TEST_CASE("without results the exit code decides") {
  CheckRecord now = record(1, {});
  const CheckRecord base = record(0, {});
  judge_tests(now, &base, "", "");
  CHECK(!now.accepted);
  CHECK(!now.counts);
  CHECK(!now.passed());
}

TEST_CASE("a test that nobody runs any more lowers the claim") {
  CheckRecord base = record(1, {{"a", failed}, {"b", passed}});
  base.tree = "base";
  CheckRecord end = record(0, {{"a", passed}});
  end.tree = "end";
  judge_tests(base, nullptr, "");
  judge_tests(end, &base, "");
  VerdictInput input{{base}, {end}, "end", false, {}, {}, {}};
  CHECK(judge(input).verified == Verified::partial);
  CheckRecord former = end;
  former.tests["b"] = passed;
  input.former = {former};
  CHECK(judge(input).verified == Verified::full);
}

TEST_CASE("a check that was seen to fail by a new test proves the change") {
  CheckRecord base = record(0, {});
  base.tree = "base";
  CheckRecord failing = record(1, {});
  failing.tree = "with tests";
  CheckRecord end = record(0, {});
  end.tree = "end";
  VerdictInput input{{base}, {end}, "end", false, {}, {}, {}};
  CHECK(judge(input).verified == Verified::partial);
  input.seen_failing = {failing};
  CHECK(judge(input).verified == Verified::full);
  input.changed_test_files = {"tests/new.t"};
  CHECK(judge(input).verified == Verified::partial);
}

}  // namespace
}  // namespace mixagent
