#pragma once
// The repository's own instructions for those who work in it.

#include "mixagent/context.h"

#include <string>
#include <vector>

namespace mixagent {

// Of every folder from the root down to those of `paths` (files, folders or globs): AGENTS.md, else
// CLAUDE.md, else GEMINI.md. Outer folders first. A file is cut in the middle at 16 KB, all
// together at 32 KB.
std::string pack_notes(const Tree& tree, const BlobReader& read,
                       const std::vector<std::string>& paths);

}  // namespace mixagent
