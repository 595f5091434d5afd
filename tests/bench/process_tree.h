#pragma once
// What a process and everything below it costs the machine.

#include <cstdint>
#include <sys/types.h>

namespace mixagent {

// Proportional set size of the tree, in KB: shared pages are counted once. 0 when it is gone.
std::int64_t tree_pss_kb(pid_t root);
int tree_size(pid_t root);

}  // namespace mixagent
