#pragma once
// Objective evidence: commands run by mixagent itself, in the sandbox, each in a fresh copy of
// exactly one recorded tree. What a check writes is thrown away with the copy.

#include "mixagent/tools.h"

#include <string>
#include <vector>

namespace mixagent {

struct CheckRun {
  CheckRecord record;
  std::string output;       // head and tail, for models
  bool remembered = false;  // an earlier run's result on the same tree
};

struct CheckSite {
  std::string step;   // empty: the goal's
  std::string phase;  // baseline | attempt | integration | final
  std::string key;    // for the journal
  std::filesystem::path mounted_at;
  std::string names = {};  // what the steps say: tests that it names must pass (core/verdict.h)
  std::string goal = {};   // where the whole goal is judged
};

// [verify] check_jobs at a time; told in order. A check that fails is run once more on the
// same tree: a pass makes it flaky. `known` are the results on the base: they give each record its
// baseline_exit_code, and stand in for a run where the tree is the same.
Result<std::vector<CheckRun>> run_checks(Tools& tools, const std::vector<Check>& checks,
                                         const Tree& tree, const CheckSite& site,
                                         const std::vector<CheckRecord>& known);

// The last record of this command, or null.
const CheckRecord* latest_record(const std::vector<CheckRecord>& records,
                                 const std::string& command);
// The record of this command on this tree, or null.
const CheckRecord* find_record(const std::vector<CheckRecord>& records, const std::string& command,
                               const std::string& tree);

}  // namespace mixagent
