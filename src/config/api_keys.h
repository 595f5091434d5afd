#pragma once
// Keys of providers: looked up when they are needed, never stored.

#include "system/folders.h"

#include "mixagent/model.h"
#include "mixagent/process.h"

#include <string>
#include <vector>

namespace mixagent {

// The variable's value, else the first line that api_key_cmd prints; empty where the provider needs
// no key. Error auth, naming the variable or the command.
Result<std::string> key_for(const Provider& provider, const Environment& env, Processes& processes,
                            const Cancel& cancel);

// Values that must not reach logs, blobs or models: of variables that are named like secrets and
// have 12 characters or more, and of every variable that a provider names. Longest first.
std::vector<std::string> known_secrets(const Environment& env, const Lineup& lineup);

}  // namespace mixagent
