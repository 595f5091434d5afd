#pragma once
// A change as a commit of the user's repository, from plumbing: no hooks, no filters, no signing,
// and nobody's configuration but the user's own. Never for a tree that a model could write.

#include "system/git.h"
#include "workspace/store.h"

#include "mixagent/workspace.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

struct CommitSite {
  const Git& git;
  Store& store;
  std::filesystem::path scratch;  // a folder of our own
};

// One path of a commit; an empty blob removes it.
struct CommitFile {
  std::string path, mode, blob;
};

struct PreparedCommit {
  std::string parent;  // empty before the first commit
  std::vector<CommitFile> files;
  std::vector<std::string> conflicts;  // not empty: it cannot be made
  std::string done;                    // HEAD or the branch already is this run's commit
};

// Objects may be written; nothing that anyone sees changes. Error need_input for what a commit
// without filters would get wrong, and for edits staged in the same files.
Result<PreparedCommit> prepare_commit(const CommitSite& site, const Change& change,
                                      const CommitOrder& order);
// Makes the commit and moves the branch, or HEAD and the index.
Result<std::string> finish_commit(const CommitSite& site, const PreparedCommit& prepared,
                                  const CommitOrder& order);

Result<void> drop_branch(const Git& git, const std::string& branch, const std::string& commit);
// HEAD and the index back to the commit's parent; Error usage when HEAD is another commit by now.
Result<void> check_is_head(const Git& git, const std::string& commit);
Result<void> step_back(const CommitSite& site, const Change& change, const std::string& commit);

}  // namespace mixagent
