#pragma once
// Which files matter for a goal: its words in their text, definitions and paths (rare ones counting
// more), the names it mentions, who uses whom, and what past commits changed for words like these.

#include "context/history.h"
#include "context/index.h"

#include <string>
#include <vector>

namespace mixagent {

// Each between 0 and 1 among the files of one tree.
struct Signals {
  double text = 0, definitions = 0, path = 0, names = 0, subjects = 0, recent = 0;
  double together = 0, links = 0;
  bool named = false;  // the goal holds its path or file name
};

struct RankedFile {
  std::string path;
  double score = 0;
  std::int64_t tokens = 0;  // of the whole file, estimated
  bool text = false;        // was read and is text
  std::size_t place = 0;    // in the index
  Signals signals;
};

// Every file of the tree, best first; equal scores by path. Pure.
std::vector<RankedFile> rank_files(const Index& index, const std::vector<PastCommit>& history,
                                   const std::string& goal);

// "its text, past commits": what speaks most for it.
std::string reasons_for(const RankedFile& file);

}  // namespace mixagent
