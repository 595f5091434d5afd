#pragma once
// What a model's tool calls do: reading and searching a view, editing a workspace, running commands
// in the sandbox. A refused or failed action is an Observation for the model, never an Error; an
// Error means that mixagent itself cannot go on (disk, sandbox, cancelled).

#include "core/actions.h"
#include "engine/files.h"

#include "mixagent/plan.h"
#include "mixagent/tools.h"

#include <map>
#include <optional>
#include <string>

namespace mixagent {

struct Observation {
  bool ok = true;
  std::string text;
  bool changed = false;  // the tree, possibly
};

class Hands {
 public:
  // Read-only hands.
  Hands(Tools& tools, FileView& view) : tools_(tools), view_(view) {}
  // A worker's hands: edits and commands too.
  Hands(Tools& tools, FileView& view, Workspace& workspace, const Step& step,
        std::filesystem::path mounted_at)
      : tools_(tools),
        view_(view),
        workspace_(&workspace),
        step_(&step),
        mounted_at_(std::move(mounted_at)) {}

  // Files that the first message showed count as read.
  void shown(const std::string& path);
  // `key` names the call for the journal: a command that already ran is not run again, its tree is
  // restored.
  Result<Observation> act(const Action& action, const std::string& key);
  // The line by which the last command, a failed one, said that it missed the network; else empty.
  const std::string& denied() const { return denied_; }

 private:
  Observation read(const ReadFile& action);
  Observation list(const ListFiles& action);
  Observation search(const Search& action);
  Result<Observation> act_on_all(const std::vector<Action>& actions, const std::string& key);
  Result<Observation> edit(const EditFile& action);
  Result<Observation> write(const WriteFile& action);
  Result<Observation> run(const RunCommand& action, const std::string& key);
  Observation rejected(const std::string& path, const std::string& why, bool missed = false);
  std::string advice_after_misses(const std::string& path) const;
  std::string elsewhere(const EditFile& action, const std::string& path) const;
  bool read_and_unchanged(const std::string& path, const std::string& text) const;
  bool is_protected(const std::string& path) const;

  Tools& tools_;
  FileView& view_;
  Workspace* workspace_ = nullptr;
  const Step* step_ = nullptr;
  std::filesystem::path mounted_at_;
  std::map<std::string, std::string> seen_;  // path -> digest of the bytes the model saw
  std::map<std::string, int> failed_edits_;
  std::string denied_;
};

}  // namespace mixagent
