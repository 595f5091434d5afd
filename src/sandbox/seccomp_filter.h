#pragma once
// System calls that a command is refused, as the bytes of a filter program. The only home of
// libseccomp.

#include "mixagent/error.h"

#include <string>

namespace mixagent {

struct FilterOptions {
  bool without_namespaces = false;  // then sockets, connect and ptrace are refused as well
};

// struct sock_filter[] of this machine's architecture. Error sandbox when libseccomp cannot build
// it.
Result<std::string> seccomp_filter(const FilterOptions& options);

}  // namespace mixagent
