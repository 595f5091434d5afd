#pragma once
// Git on the user's repository, as facts and as plumbing: no hooks, filters, fsmonitor, external
// programs or prompts, and nothing of the caller's GIT_* environment. Never for a tree that a model
// could write. Thread-safe.

#include "mixagent/cancel.h"
#include "mixagent/error.h"
#include "mixagent/process.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mixagent {

struct GitFile {
  std::string path;  // relative to the repository's root
  bool tracked = false;
  bool repository =
      false;  // a submodule or a repository inside: its files are listed by its own git
};

struct GitFacts {
  std::string head;    // commit; empty before the first one
  std::string branch;  // "main"; empty when detached
  std::filesystem::path objects, shallow, exclude, global_ignore;  // absolute; may not exist
};

class Git {
 public:
  Git(Processes& processes, std::filesystem::path root)
      : processes_(processes), root_(std::move(root)) {}

  // Tracked files and those that are neither tracked nor ignored. Tracked ones may be missing on
  // disk.
  Result<std::vector<GitFile>> files(const Cancel& cancel = {}) const;
  Result<GitFacts> facts(const Cancel& cancel = {}) const;
  // Plumbing with the same safe settings; an exit status other than 0 is no Error.
  Result<Exit> run(const std::vector<std::string>& arguments, const Cancel& cancel = {}) const;
  // The same with bytes to read and more environment. Only here git may be told to write.
  Result<Exit> run_with(const std::vector<std::string>& arguments,
                        const std::optional<std::string>& input,
                        const std::vector<std::pair<std::string, std::string>>& env,
                        const Cancel& cancel = {}) const;

  const std::filesystem::path& root() const { return root_; }

 private:
  Processes& processes_;
  std::filesystem::path root_;
};

// The nearest folder at or above `start` that is a repository. No process is started. Error usage
// with the hint `git init`.
Result<std::filesystem::path> find_repository_root(const std::filesystem::path& start);

}  // namespace mixagent
