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
                     // "secret", "scope"
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
};

// Hard: empty patch (not for `command` and `research` steps), a protected path that the step does
// not name, conflict markers that the patch adds, refusals of the collection. Soft: placeholder
// text in added lines ("rest unchanged"), a secret-like string added, writing outside the step's
// files.
std::vector<GateFailure> run_gates(const GateInput& input);

// Delivered files that run by themselves: CI files, package scripts, editor tasks, build files
// (sandbox threats, list in gates.cpp).
bool runs_by_itself(const std::string& path);

}  // namespace mixagent
