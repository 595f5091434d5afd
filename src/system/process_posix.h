#pragma once
// Starting programs on this machine. See mixagent/process.h for the contract. Thread-safe; each run
// blocks its own thread, which has to outlive the child (a child may have asked to die with it).

#include "mixagent/process.h"

#include <string>
#include <utility>
#include <vector>

namespace mixagent {

class ProcessesPosix final : public Processes {
 public:
  Result<Exit> run(const Command& command, const Cancel& cancel) override;
};

// This process's own environment.
std::vector<std::pair<std::string, std::string>> process_environment();

// Keeps other programs of the same user from reading this process's memory and environment, where
// the keys are.
void harden_process();

// Sends SIGKILL to the process groups of all children that run now. For signal handlers.
void kill_running_children() noexcept;

}  // namespace mixagent
