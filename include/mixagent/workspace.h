#pragma once
// The user's tree as values, private copies of it to work in, and the way back. Implemented in
// workspace/. The user's tree is read once (snapshot) and written once (deliver). Thread-safe; one
// Workspace belongs to one thread.

#include "mixagent/change.h"
#include "mixagent/error.h"
#include "mixagent/overlay.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

struct Snapshot {
  Tree tree;
  TreeId id;
  std::int64_t bytes = 0;
  std::vector<std::string> left_out;  // "path (61 MB)": untracked files over the limit
};

struct Collected {
  Tree tree;
  TreeId id;
  Change change;  // against the tree the workspace was opened with
  std::vector<Refusal> refusals;
};

// A private copy of a tree, with a throw-away .git; removed when destroyed.
class Workspace {
 public:
  virtual ~Workspace() = default;
  // On the host; with overlays its files are seen there only by commands (SandboxCommand).
  virtual std::filesystem::path directory() const = 0;
  virtual std::vector<Overlay> overlays() const { return {}; }
  // Host-side file access, for the tools. `path` is relative and validated here: outside the
  // repository, below .git, absolute, or through a link that leaves the copy is an Error `denied`;
  // missing is `not_found`.
  virtual Result<std::string> read(const std::string& path) = 0;
  virtual Result<void> write(const std::string& path, std::string_view bytes) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  // Files only, sorted, those of the tree plus what was created; ignored folders left out.
  virtual Result<std::vector<std::string>> list() = 0;
  // Safe walk. Call only while no command runs in it. New bytes go to the store.
  virtual Result<Collected> collect() = 0;
  // Makes the copy equal to `tree` again, whatever is in it now.
  virtual Result<void> reset(const Tree& tree) = 0;
};

struct Merge {
  Tree tree;
  std::vector<std::string>
      conflicts;  // paths; not empty: `tree` does not hold the outcome of these
};

struct Delivery {
  std::vector<std::string> files;  // written or removed
  std::vector<std::string>
      conflicts;  // changed by the user since the snapshot: then nothing was written
};

// A commit made from plumbing, without hooks, filters or signing, by the user's own git.
struct CommitOrder {
  std::string branch;   // a new one; empty: on top of HEAD, index included
  std::string message;  // with the trailer "Mixagent-Run: RUN"
  std::string run;      // an earlier commit of the same run is found, not repeated
};
struct Committed {
  std::string commit;                  // its id
  std::vector<std::string> files;      // changed against the parent
  std::vector<std::string> conflicts;  // overlap edits that are not committed: nothing was written
};

class Workspaces {
 public:
  virtual ~Workspaces() = default;
  virtual Result<Snapshot> snapshot() = 0;
  virtual Result<std::unique_ptr<Workspace>> open(const Tree& tree) = 0;
  // Once for each state of the setup inputs in `tree`: `setup` works in a workspace of it, and the
  // ignored folders that it leaves there come along into every workspace opened later of a tree
  // with the same inputs. What it changes elsewhere is lost. An error of `setup` is passed on.
  virtual Result<void> prepare(const Tree& tree,
                               const std::function<Result<void>(Workspace&)>& setup) {
    (void)tree, (void)setup;
    return {};
  }
  virtual Result<std::string> bytes(const BlobId& blob) = 0;
  virtual Result<BlobId> put(std::string_view bytes) = 0;
  virtual Result<Tree> tree(
      const TreeId& id) = 0;  // any tree that was snapshot, collected, merged or kept
  virtual Result<TreeId> keep(const Tree& tree) = 0;
  virtual Result<Merge> merge(const Tree& base, const Tree& ours, const Tree& theirs) = 0;
  // Unified diff with a/ b/ prefixes, for people, patch files and reviewers. Binary files are named
  // only.
  virtual Result<std::string> diff(const Change& change) = 0;
  // Into the user's working tree as uncommitted changes, all or nothing, after checking that every
  // touched file still is what `change.before` says. `before_rename` runs when all is staged and
  // checked: the journal record goes there.
  virtual Result<Delivery> deliver(const Change& change,
                                   const std::function<Result<void>()>& before_rename) = 0;
  // The change alone on top of HEAD: the user's uncommitted edits stay uncommitted. With a branch,
  // working tree, index and HEAD are left alone; without, the change is delivered, too.
  virtual Result<Committed> commit(const Change& change, const CommitOrder& order,
                                   const std::function<Result<void>()>& before_rename) = 0;
  // Takes such a commit back: the branch goes, or HEAD, index and files are as before. Error usage
  // when commits were added since.
  virtual Result<Delivery> uncommit(const Change& change, const std::string& branch,
                                    const std::string& commit) = 0;
  // Whether workspaces opened from now on are plain copies although overlays would do. False when
  // that changes nothing.
  virtual bool use_copies(bool) { return false; }
  // Folders shared with the user's tree that changed since the first workspace was opened.
  virtual std::vector<std::string> disturbed() { return {}; }
};

}  // namespace mixagent
