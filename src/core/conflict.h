#pragma once
// Conflicting places of a three-way merge as a model is shown them, and what its answer makes of
// them. Nothing but those places can change. Pure.

#include "core/diff.h"

#include <string>
#include <vector>

namespace mixagent {

struct ConflictFile {
  std::string path;
  ThreeWay merge;
};

// Every hunk with its number over all files, a few lines around it, and both sides with what was
// there before.
std::string show_conflicts(const std::vector<ConflictFile>& files);

// That of an answer: longer than any row of backticks in the conflicting lines.
std::string answer_fence(const std::vector<ConflictFile>& files);

struct Resolved {
  std::vector<std::string> texts;  // of the files, whole, in their order
  std::string fault;               // not empty: the answer cannot be used, and why
};

// The answer: a block fenced with "hunk N" for each hunk, holding the lines that take its place. A
// fence that a line of the hunk could have closed is a fault.
Resolved resolve_conflicts(const std::vector<ConflictFile>& files, const std::string& answer);

}  // namespace mixagent
