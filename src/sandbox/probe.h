#pragma once
// What this machine can do, found out by doing it.

#include "sandbox/policy.h"

#include "mixagent/process.h"
#include "mixagent/sandbox.h"

#include <string>
#include <vector>

namespace mixagent {

struct ProbeLine {
  std::string what;
  bool ok = false;
  std::string detail;  // what was seen
  std::string remedy;  // empty when ok
};

struct ProbeReport {
  std::vector<ProbeLine> lines;
  bool ok() const;
};

// For people: one line a wall. Runs one command; blocks for some 30 ms.
ProbeReport probe_sandbox(const SandboxOptions& options, Processes& processes);

// The same, and an error that says why it is not possible, or which wall does not stand.
Result<void> try_out(Sandbox& sandbox, const SandboxOptions& options);

}  // namespace mixagent
