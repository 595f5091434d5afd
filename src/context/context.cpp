#include "context/context.h"

#include "base/text.h"
#include "context/notes.h"
#include "context/pack.h"
#include "system/files.h"

#include <algorithm>

namespace mixagent {

namespace {

bool has_program(const std::string& search_path, const std::string& name) {
  const auto folders = split(search_path, ':');
  return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
    return !folder.empty() && file_exists(std::filesystem::path(folder) / name);
  });
}

// Without the long tail that only shares a common word.
std::vector<RankedFile> likely(const std::vector<RankedFile>& files) {
  constexpr double least_share = 0.03;  // of the best score
  const double least = files.front().score * least_share;
  const auto end = std::find_if(files.begin(), files.end(),
                                [&](const RankedFile& file) { return file.score < least; });
  return {files.begin(), end};
}

std::vector<PastCommit> history_of(const ContextOptions& options) {
  if (options.processes == nullptr || options.repository.empty()) return {};
  const Git git(*options.processes, options.repository);
  const auto facts = git.facts();
  if (!facts) return {};
  return read_history(git, facts->head, options.cache);
}

}  // namespace

struct CuratedContext::Kept {
  explicit Kept(const ContextOptions& options)
      : ctags(options.processes != nullptr && has_program(options.search_path, "ctags")),
        cache(options.cache, ctags ? 1 : 0),
        history(history_of(options)) {}

  bool ctags;
  FactsCache cache;
  std::vector<PastCommit> history;
  Tree tree;
  Index index;
};

CuratedContext::CuratedContext(ContextOptions options) : options_(std::move(options)) {}
CuratedContext::~CuratedContext() = default;

const CuratedContext::Kept& CuratedContext::index_of(const Tree& tree,
                                                     const BlobReader& read) const {
  if (kept_ == nullptr) kept_ = std::make_unique<Kept>(options_);
  if (kept_->index.files.empty() || kept_->tree != tree) {
    const IndexTools tools{kept_->ctags ? options_.processes : nullptr, options_.search_path};
    kept_->index = build_index(tree, read, kept_->cache, tools);
    kept_->tree = tree;
    kept_->cache.save();
  }
  return *kept_;
}

Survey CuratedContext::survey(const Tree& tree, const BlobReader& read, const std::string& goal,
                              std::int64_t budget) const {
  const std::lock_guard lock(mutex_);
  Survey survey;
  if (tree.empty()) {
    survey.text = "The repository holds no files yet.\n";
    return survey;
  }
  const Kept& kept = index_of(tree, read);
  const auto files = rank_files(kept.index, kept.history, goal);
  survey.all = files.size();
  survey.read_now = kept.index.read_now;
  survey.definitions = kept.index.definitions;

  survey.text = format_count(static_cast<std::int64_t>(files.size())) + " files:\n";
  // Who has no definitions to show has room for more of the tree.
  survey.text += pack_tree(files, budget * (kept.index.definitions ? 3 : 8) / 20);
  const std::int64_t map_budget = kept.index.definitions ? budget * 11 / 20 : budget / 10;
  const RepoMap map = map_files(kept.index, likely(files), goal, map_budget);
  if (map.shown > 0)
    survey.text += "\nLikeliest for the goal, best first, with what they define:\n" + map.text;
  const std::string matches =
      pack_matches(tree, read, files, goal, budget - estimate_tokens(survey.text));
  if (!matches.empty()) survey.text += "\nFrom the best of them:\n" + matches;
  for (std::size_t i = 0; i < map.shown; ++i) {
    survey.files.push_back({files[i].path, files[i].score, files[i].tokens, reasons_for(files[i])});
  }
  return survey;
}

std::string CuratedContext::planner_context(const Tree& tree, const BlobReader& read,
                                            const std::string& goal, std::int64_t budget) const {
  return survey(tree, read, goal, budget).text;
}

std::string CuratedContext::notes_for(const Tree& tree, const BlobReader& read,
                                      const std::vector<std::string>& paths) const {
  return pack_notes(tree, read, paths);
}

WorkerFiles CuratedContext::worker_files(const Tree& tree, const BlobReader& read,
                                         const std::vector<std::string>& paths,
                                         const std::string& wanted, std::int64_t budget) const {
  return pack_named(tree, read, paths, wanted, budget);
}

}  // namespace mixagent
