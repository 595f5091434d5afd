#include "context/context.h"

#include "base/text.h"
#include "context/notes.h"
#include "context/pack.h"
#include "context/rank.h"

namespace mixagent {

std::string CuratedContext::planner_context(const Tree& tree, const BlobReader& read,
                                            const std::string& goal, std::int64_t budget) const {
  const auto files = rank_files(tree, read, goal);
  if (files.empty()) return "The repository holds no files yet.\n";
  std::string text = format_count(static_cast<std::int64_t>(files.size())) + " files:\n";
  text += pack_tree(files, budget * 2 / 5);
  const std::string matches = pack_matches(tree, read, files, goal, budget - estimate_tokens(text));
  if (!matches.empty()) text += "\nFiles that match the goal, best first:\n" + matches;
  return text;
}

std::string CuratedContext::notes_for(const Tree& tree, const BlobReader& read,
                                      const std::vector<std::string>& paths) const {
  return pack_notes(tree, read, paths);
}

WorkerFiles CuratedContext::worker_files(const Tree& tree, const BlobReader& read,
                                         const std::vector<std::string>& paths,
                                         std::int64_t budget) const {
  return pack_named(tree, read, paths, budget);
}

}  // namespace mixagent
