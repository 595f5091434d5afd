#pragma once
// When this process is root: a user for commands that owns nothing and is nobody else.

namespace mixagent {

constexpr unsigned first_private_uid = 60000, last_private_uid = 63999;

// A user of that range without a process.
unsigned pick_private_uid();
// Processes of `uid` on the whole machine: what the kernel's limit counts.
long count_processes_of(unsigned uid);

}  // namespace mixagent
