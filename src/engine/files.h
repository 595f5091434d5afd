#pragma once
// What a conversation can look at: a workspace (workers) or a recorded tree (planner, reviewer).

#include "mixagent/workspace.h"

#include <memory>
#include <string>
#include <vector>

namespace mixagent {

class FileView {
 public:
  virtual ~FileView() = default;
  virtual Result<std::string> read(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list() = 0;
};

// Neither owns what it looks at.
class WorkspaceView final : public FileView {
 public:
  explicit WorkspaceView(Workspace& workspace) : workspace_(workspace) {}
  Result<std::string> read(const std::string& path) override { return workspace_.read(path); }
  Result<std::vector<std::string>> list() override { return workspace_.list(); }

 private:
  Workspace& workspace_;
};

class TreeView final : public FileView {
 public:
  TreeView(Workspaces& workspaces, Tree tree) : workspaces_(workspaces), tree_(std::move(tree)) {}
  Result<std::string> read(const std::string& path) override;
  Result<std::vector<std::string>> list() override;

 private:
  Workspaces& workspaces_;
  Tree tree_;
};

// "./a//b/" -> "a/b"; Error denied for what is absolute, leaves the repository or lies below .git.
Result<std::string> clean_path(const std::string& path);

}  // namespace mixagent
