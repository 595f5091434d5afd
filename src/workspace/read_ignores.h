#pragma once
// The ignore rules of a tree, from the tree itself and not from what a copy holds: a model must not
// decide what leaves it.

#include "workspace/ignore.h"
#include "workspace/store.h"

#include <string>
#include <vector>

namespace mixagent {

Result<IgnoreRules> read_ignore_rules(const Tree& tree, const std::vector<std::string>& fallbacks,
                                      const Store& store);

}  // namespace mixagent
