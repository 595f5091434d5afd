#pragma once
// What `verified` may be called (DESIGN, "What verified means"). Pure; the only place that says so.

#include "mixagent/result.h"

#include <string>
#include <vector>

namespace mixagent {

struct VerdictInput {
  std::vector<CheckRecord> baseline;  // on the base tree
  std::vector<CheckRecord> final;     // on the delivered tree
  std::string delivered_tree;
  bool refactoring = false;  // every step is a refactoring: regression checks alone suffice
  std::vector<std::string>
      changed_test_files;  // the patch changes tests that fail in the version they had before
  std::vector<CheckRecord> seen_failing;  // checks of test steps, on the tree that first held them
  std::vector<CheckRecord> former;        // on the result, with the tests as they were before
};

struct VerdictOutput {
  Verified verified = Verified::none;
  bool passed = false;              // no target unmet, no regression
  std::string why;                  // one sentence for people
  std::vector<std::string> failed;  // commands
  // For the final reviewer: tests that the patch changed and that fail as they were before.
  std::vector<std::string> bent_files = {}, bent_tests = {};
};

// How one run of a check with readable results compares with the base: fills counts, accepted,
// broken and fixed. A test that failed on the base must pass when `names` (what the steps say)
// names it; otherwise it is only reported. Without results on either side nothing is touched, and
// the exit code decides. `base` may be null: then every failing test counts. `goal`, where the
// whole goal is judged: when its words hint at tests that failed on the base, one of those that
// failed must pass.
void judge_tests(CheckRecord& now, const CheckRecord* base, const std::string& names,
                 const std::string& goal = {});
// Does the text share a telling word with the test's own name ("greet" of "test_greet_twice")?
bool hints_at(const std::string& text, const std::string& test);
// Does the text name this test ("test_x" of "tests/a.py::test_x[1]") as a word?
bool names_test(const std::string& text, const std::string& test);

// A record on another tree than the delivered one counts as not run. full: a user's check that
// failed steadily on the base passes now (or one that a test step brought and that was seen to
// fail), and no regression. partial: no regression, but nothing of the user's discriminates, or
// flaky ones. none: no usable check.
VerdictOutput judge(const VerdictInput& input);

}  // namespace mixagent
