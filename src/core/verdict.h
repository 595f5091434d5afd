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
      changed_test_files;  // the patch itself changes tests that the checks run
};

struct VerdictOutput {
  Verified verified = Verified::none;
  bool passed = false;              // no target unmet, no regression
  std::string why;                  // one sentence for people
  std::vector<std::string> failed;  // commands
};

// A record on another tree than the delivered one counts as not run. full: a user's check that
// failed steadily on the base passes now, and no regression. partial: no regression, but nothing of
// the user's discriminates, or flaky ones. none: no usable check.
VerdictOutput judge(const VerdictInput& input);

}  // namespace mixagent
