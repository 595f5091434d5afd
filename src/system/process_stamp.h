#pragma once
// A name for a running process that nobody else gets: for rows that outlive their writer.

#include <string>

namespace mixagent {

// Of this process: machine, id, and when it began.
std::string process_stamp();
// Whether the process of that name still runs. One of another machine cannot be seen from here and
// counts as running.
bool process_lives(const std::string& stamp);
// Whether a process with this number runs on this machine.
bool process_runs(const std::string& pid);

}  // namespace mixagent
