#pragma once
// The port of mixagent/workspace.h as an overlay: commands see the run's one base folder with what
// this workspace changed on top of it, so that making one and collecting it cost what differs and
// not what the repository holds. Belongs to one thread.

#include "workspace/copy_on_disk.h"

#include "mixagent/workspace.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mixagent {

// What all overlays of a run lie on: the first tree that was asked for, as files that nobody
// changes any more, and the user's own ignored folders. Thread-safe.
class OverlayBase {
 public:
  // `ground.owner` is for what workspaces add, in sub-folders of `folder`; the base itself is this
  // process's and lies at `place`, where an earlier run may have left its own: only what differs
  // is written.
  static Result<std::shared_ptr<OverlayBase>> make(CopyGround ground, const Tree& tree,
                                                   std::filesystem::path folder,
                                                   const std::filesystem::path& place);

  const CopyGround& ground() const { return ground_; }
  const Tree& tree() const { return tree_; }
  std::filesystem::path lower() const { return files_->directory(); }
  std::filesystem::path next_folder();
  // Live folders that are not what they were when the base was made.
  std::vector<std::string> disturbed() const;

 private:
  OverlayBase(CopyGround ground, Tree tree, std::filesystem::path folder);
  Result<void> write_at(const std::filesystem::path& place);

  const CopyGround ground_;
  CopyGround base_ground_;  // without an owner
  const Tree tree_;
  const std::filesystem::path folder_;
  std::unique_ptr<CopyOnDisk> files_;
  std::map<std::string, std::string> live_as_;  // fingerprints
  std::mutex mutex_;
  int made_ = 0;
};

Result<std::unique_ptr<Workspace>> open_overlay_copy(const std::shared_ptr<OverlayBase>& base,
                                                     const Tree& tree);

}  // namespace mixagent
