#pragma once
// Deterministic gates before the checks (DESIGN 2.7). Pure: bytes come in, failures go out.

#include "mixagent/change.h"
#include "mixagent/error.h"
#include "mixagent/plan.h"

#include <functional>
#include <string>
#include <vector>

namespace mixagent {

struct GateFailure {
  std::string gate;  // "empty", "protected", "conflict-markers", "refused", "placeholder",
                     // "secret", "scope", "owned", "tests"
  std::string why;   // for the model: what, where, what to do
  std::string path;
  bool hard = true;
};

struct GateInput {
  const Change& change;
  const std::vector<Refusal>& refusals;
  const Step& step;
  const std::vector<std::string>& protect;
  std::function<Result<std::string>(const BlobId&)> bytes;
  const std::vector<Step>& beside;  // done apart from this one; their files are theirs
};

// Hard: empty patch (not for `command` and `research` steps), a protected path that the step does
// not name, conflict markers that the patch adds, refusals of the collection, a test step that
// writes other files than tests, a file of a step that is done apart from it. Soft: placeholder
// text in added lines ("rest unchanged"), a secret-like string added, writing outside the step's
// files.
std::vector<GateFailure> run_gates(const GateInput& input);

// Tests, by the habits of the languages in use.
bool is_test_file(const std::string& path);
// What decides about a change: tests, what they compare with (snapshots, golden files), and the
// files that say how they are run.
bool judges_others(const std::string& path);
// Does the command run this file to check something? By the file's name and its place in the
// command; a Makefile and package.json for those who read them.
bool names_checker(const std::string& command, const std::string& path);

// Delivered files that run by themselves: CI files, package scripts, editor tasks, build files
// (sandbox threats, list in gates.cpp).
bool runs_by_itself(const std::string& path);

}  // namespace mixagent
