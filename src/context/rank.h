#pragma once
// Which files matter for a goal: words of the goal in paths and contents, rare words counting more.

#include "mixagent/context.h"

#include <string>
#include <vector>

namespace mixagent {

struct RankedFile {
  std::string path;
  double score = 0;
  std::int64_t tokens = 0;  // of the whole file, estimated
  bool text = false;        // was read and is text
};

// Every file of the tree, best first; equal scores by path. Files over 256 KB and beyond 96 MB in
// all are judged by their paths alone.
std::vector<RankedFile> rank_files(const Tree& tree, const BlobReader& read,
                                   const std::string& goal);

// Bytes that people write: valid UTF-8 without NUL.
bool is_text(std::string_view bytes);

}  // namespace mixagent
