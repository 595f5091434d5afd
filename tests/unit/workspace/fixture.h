#pragma once
// A real repository, a cache, and the workspaces over both.

#include "support/temp_repo.h"
#include "system/process_posix.h"
#include "workspace/workspaces.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mixagent {

namespace fs = std::filesystem;
using Paths = std::vector<std::string>;

template <class T>
T value_of(Result<T> result) {
  REQUIRE_MESSAGE(result, describe(result.error()));
  return *std::move(result);
}
inline void must(const Result<void>& result) {
  REQUIRE_MESSAGE(result, describe(result.error()));
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "ok" : to_string(result.error().code);
}

struct WorkspaceFixture {
  TempRepo repo;
  TempDir folders;
  ProcessesPosix processes;
  WorkspaceOptions options;
  std::unique_ptr<Workspaces> workspaces;

  WorkspaceFixture() {
    options.repository = repo.root();
    options.cache = folders.path() / "cache";
    options.work = folders.path() / "work" / "run";
    options.objects = repo.root() / ".git/objects";
  }
  // A new process, as it were.
  Workspaces& reopen() {
    workspaces.reset();
    workspaces = value_of(make_workspaces(options, processes));
    return *workspaces;
  }
  Workspaces& spaces() { return workspaces ? *workspaces : reopen(); }
  Snapshot snapshot() { return value_of(spaces().snapshot()); }
  std::unique_ptr<Workspace> copy(const Tree& tree) { return value_of(spaces().open(tree)); }
  Delivery deliver(const Change& change) {
    return value_of(spaces().deliver(change, [] { return Result<void>(); }));
  }
  // The change that makes this file of the user's tree (empty: none) hold these bytes.
  FileChange file_change(const std::string& path, const Tree& base, const std::string& bytes,
                         FileMode mode = FileMode::regular) {
    FileChange change;
    change.path = path;
    if (const auto found = base.find(path); found != base.end()) change.before = found->second;
    change.after =
        TreeEntry{value_of(spaces().put(bytes)), mode, static_cast<std::int64_t>(bytes.size())};
    return change;
  }
};

inline Paths paths_of(const Tree& tree) {
  Paths paths;
  for (const auto& [path, entry] : tree) paths.push_back(path);
  return paths;
}

inline Paths paths_of(const Change& change) {
  Paths paths;
  for (const auto& file : change.files) {
    paths.push_back((file.before ? (file.after ? "M " : "D ") : "A ") + file.path);
  }
  return paths;
}

inline Paths texts_of(const std::vector<Refusal>& refusals) {
  Paths texts;
  for (const auto& refusal : refusals) texts.push_back(refusal.path + ": " + refusal.why);
  return texts;
}

}  // namespace mixagent
