#pragma once
// Line differences, for people, reviewers and patch files. Pure.

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

// Unified hunks with 3 lines of context, "--- a/path" and "+++ b/path" (or /dev/null) included,
// `\ No newline at end of file` marked. Empty when equal. Shortest edit script by Myers' O(ND),
// capped: very different files become one whole-file hunk.
std::string unified_diff(std::string_view before, std::string_view after, const std::string& path,
                         bool created, bool deleted);
// 1-based numbers of the lines of `after` that the diff adds.
std::set<int> added_lines(std::string_view before, std::string_view after);

// Where both sides changed the base differently: this part of ThreeWay::text, markers included.
struct ConflictHunk {
  std::size_t at = 0, length = 0;  // bytes
  std::string base, ours, theirs;
};
struct ThreeWay {
  std::string text;
  std::vector<ConflictHunk> hunks = {};  // none: no conflict
};
// diff3: hunks of both sides applied to the base where they do not touch.
ThreeWay merge_three_way(std::string_view base, std::string_view ours, std::string_view theirs);

bool looks_binary(std::string_view bytes);

}  // namespace mixagent
