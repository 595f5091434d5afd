#pragma once
// Who sits where: models get their provider and price, seats that nobody configured get the best
// models that the keys at hand can reach.

#include "config/keys.h"
#include "system/folders.h"

#include "mixagent/error.h"

#include <map>
#include <string>
#include <vector>

namespace mixagent {

struct LineupNeeds {
  bool models = true;  // a planner, a worker and a reviewer must be there
  bool allow_unpriced = false;
};

// Fills draft.config.lineup. Lines for people go to `notes`: the choice made, what was left out and
// why.
Result<void> settle_lineup(ConfigDraft& draft, const Environment& env, const LineupNeeds& needs,
                           std::vector<std::string>& notes);

// Nobody needs a key for it, or there is one.
bool reachable(const Provider& provider, const Environment& env);
bool reachable_without_key(const Provider& provider);
bool is_loopback(std::string_view base_url);
// "planner a; worker b > c; reviewer d", of those seats that have a model.
std::string describe_lineup(const Lineup& lineup, const std::vector<std::string>& seats);

}  // namespace mixagent
