#pragma once
// What an overlay keeps in its upper folder, seen from outside: a whiteout hides a name of the
// folders below, an opaque folder hides everything of them. Thread-safe.

#include "mixagent/error.h"

#include <string>

namespace mixagent {

bool is_whiteout_at(int folder, const std::string& name);
// `name` must not exist.
Result<void> make_whiteout_at(int folder, const std::string& name);
bool is_opaque(int folder);
Result<void> make_opaque(int folder, const std::string& name);

}  // namespace mixagent
