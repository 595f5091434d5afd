#pragma once
// One execution of one check in a fresh copy of a recorded tree, with what its runner reports of
// single tests. Durable: done once, answered from the journal afterwards.

#include "engine/command.h"

#include "mixagent/plan.h"
#include "mixagent/tools.h"

#include <filesystem>
#include <string>

namespace mixagent {

struct CheckExecution {
  const Check& check;
  const Tree& tree;
  const std::string& tree_text;
  std::filesystem::path mounted_at;
  int timeout_s = 600;
  std::string step = {};    // label
  bool may_recall = false;  // an earlier run's result on the same tree will do
};

// Stands in a check's output, before the reason, where setup missed the network for what the
// checked tree asks for. Setup runs once for that: only the check that came first holds it.
constexpr const char* setup_denied = "[[verify] setup: ";

// What is amiss, and the remedy, where a command missed the network.
constexpr const char* missed_network =
    "the command needs the network, which checks do not have; fetch what it needs in [verify] "
    "setup, its hosts in [sandbox] allow_hosts of your own configuration, or name a check that "
    "works offline";

Result<RecordedCommand> execute_check(Tools& tools, const CheckExecution& execution,
                                      const std::string& key);

// The key of a check on a tree for CheckMemory.
std::string memory_key(const Check& check, const std::string& tree_text);

// The reason and the remedy when a command could not run at all (not found, refused connection,
// DNS, denied by the sandbox); empty when its verdict counts.
std::string why_unusable(const std::string& command, int exit_code, const std::string& output);

}  // namespace mixagent
