#pragma once
// Whether a command's output says that it missed the network. Pure.

#include <string>

namespace mixagent {

// The first line that says so, clipped; empty: none does. Resolvers, sockets, package managers and
// our own proxy all have their words for it.
std::string denied_network(const std::string& output);

}  // namespace mixagent
