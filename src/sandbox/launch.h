#pragma once
// The sandbox itself: one command at a time under the policy of the run. Thread-safe.

#include "sandbox/bwrap.h"
#include "sandbox/policy.h"

#include "mixagent/process.h"
#include "mixagent/sandbox.h"

#include <memory>

namespace mixagent {

// A sandbox that was tried out with one command of no effect. Error sandbox with cause and remedy
// when the asked isolation is not to be had here: never a weaker one instead. Error config: a path
// that may not be granted. `processes` outlives it.
Result<std::unique_ptr<Sandbox>> make_sandbox(const SandboxOptions& options, Processes& processes);

// The same without the trial.
Result<std::unique_ptr<Sandbox>> make_untried_sandbox(const SandboxOptions& options,
                                                      Processes& processes);

}  // namespace mixagent
