#pragma once
// Three-way merges of trees: by path, and by lines where both sides changed one text. Pure over the
// store.

#include "workspace/store.h"

#include "mixagent/workspace.h"

namespace mixagent {

Result<Merge> merge_trees(const Tree& base, const Tree& ours, const Tree& theirs, Store& store);

// Unified diff of a change, git's extended headers included, so that `git apply` takes it. Binary
// files are named only.
Result<std::string> diff_of(const Change& change, const Store& store);

const char* git_mode(FileMode mode);  // as git writes it: "100644"

}  // namespace mixagent
