#pragma once
// Ranked pieces under a token budget. Pure.

#include "context/rank.h"
#include "context/words.h"

#include "mixagent/context.h"

#include <string>
#include <vector>

namespace mixagent {

// "## path (n lines)" and the text between fences that it cannot break out of.
std::string show_file(const std::string& path, std::string_view text, const std::string& note = {});

// Folders with their files, best first within the budget, sorted when shown; says how many files
// were left out.
std::string pack_tree(const std::vector<RankedFile>& files, std::int64_t budget);
// The best files: whole where small, else the lines that define something or hold the goal's words,
// numbered.
std::string pack_matches(const Tree& tree, const BlobReader& read,
                         const std::vector<RankedFile>& files, const std::string& goal,
                         std::int64_t budget);
// The files a step names, in its order: whole, or the ranges it is about; then what they use from
// elsewhere.
WorkerFiles pack_named(const Tree& tree, const BlobReader& read,
                       const std::vector<std::string>& paths, const std::string& wanted,
                       std::int64_t budget);

}  // namespace mixagent
