#pragma once
// The end of a run: final checks, final review, delivery, result.

#include "core/verdict.h"
#include "engine/dispatch.h"
#include "engine/work.h"

#include <string>
#include <vector>

namespace mixagent {

// The goal's checks (and those that the plan added) on the tree that holds all steps; results that
// steps already obtained on exactly this tree are not obtained again.
Result<std::vector<CheckRecord>> final_checks(RunContext& run, const Plan& plan,
                                              const Dispatched& done, int revision,
                                              const std::string& names);

// Tests that the patch changed are run in their former version too. `names`: what all steps say.
Result<VerdictOutput> final_verdict(RunContext& run, const Plan& plan, const Tree& head,
                                    const std::vector<CheckRecord>& checks, int revision,
                                    const std::string& names);

// What the final reviewer is told beside the checks: changed tests that fail as they were before.
std::string noted_for_review(const VerdictOutput& verdict);

// The whole diff before the reviewer. Skipped for a small solo diff that is fully verified.
bool wants_final_review(RunContext& run, const Plan& plan, const Tree& head, Verified verified);

// A step that settles what the final review found.
Plan fix_plan(const Goal& goal, const std::vector<Finding>& findings, const std::string& coaching);

struct Delivered {
  std::string
      how;  // "working tree", "patch FILE", "branch NAME", "commit ID", "kept in the run", ""
  std::vector<std::string> files, flagged;
  std::string branch = {}, commit = {};
};
// What would be delivered, kept in the run so far.
Delivered kept_in_run(const Tree& base, const Tree& head);
// As the goal asks; `what` with where it went. Error conflict lists the files that the user changed
// meanwhile: then nothing was written.
Result<Delivered> deliver(RunContext& run, const Tree& head, const VerdictOutput& verdict,
                          Delivered what);
// Into the working tree, the journal told before and after; the files written. `fact` names tree,
// repository (target) and files.
Result<std::vector<std::string>> deliver_to_tree(Journal& journal, Workspaces& workspaces,
                                                 const Change& change, ChangeApplied fact);

// Everything that the facts say, plus what only the end knows.
struct Ending {
  std::string subtype = "success";
  std::optional<Error> error;
  std::string decision, reason;
  VerdictOutput verdict;
  Delivered delivered;
  std::vector<Finding> open;
  std::vector<CheckRecord> checks;
};
RunResult compose_result(const Goal& goal, Tools& tools, const Ending& ending);

// Exit code of a subtype (PROTOCOLS 4); "interrupted" is 130.
int exit_code_of(const std::string& subtype);
std::string subtype_of(const Error& error);

}  // namespace mixagent
