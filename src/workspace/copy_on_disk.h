#pragma once
// A tree as files in a folder of its own: plain files (hard links of the store's only where nobody
// writes: what a model writes must stay its own), a throw-away .git, and the carried folders.

#include "system/files.h"
#include "workspace/carry.h"
#include "workspace/collect.h"
#include "workspace/stat_cache.h"
#include "workspace/store.h"
#include "workspace/throw_away_git.h"

#include "mixagent/change.h"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

// What all copies of a run share.
struct CopyGround {
  std::filesystem::path repository;
  Store& store;
  ThrowAwayGit git;
  std::vector<std::string> fallback_ignores;  // texts: info/exclude, then the user's own
  std::vector<std::string> carried;           // copied along
  std::vector<std::string> live = {};         // shown from the user's own tree, as overlays
  std::optional<Owner> owner;                 // of the copies; empty: this process
  // When the user's files were last modified: build tools compare times with what they built.
  StatCache times;
  bool shared = false;  // nobody writes in the copies: files of the store will do
};

// As `name` in `folder`, where nothing is.
Result<KnownFile> write_entry(const CopyGround& ground, int folder, const std::string& name,
                              const std::string& path, const TreeEntry& entry);

// Fingerprints of a carried folder: in the user's tree, and as it was copied.
struct CarriedAs {
  std::string from, copy;
};

// Belongs to one thread at a time; the folder goes away with it.
class CopyOnDisk {
 public:
  static Result<std::unique_ptr<CopyOnDisk>> create(const CopyGround& ground,
                                                    const std::filesystem::path& directory);
  ~CopyOnDisk();
  CopyOnDisk(const CopyOnDisk&) = delete;
  CopyOnDisk& operator=(const CopyOnDisk&) = delete;

  // Whatever is in it now: afterwards it holds `tree`, a fresh .git and the carried folders, and
  // nothing else.
  Result<void> make_equal(const Tree& tree);

  // For a later process: what is still as it was remembered need not be written again.
  Result<void> remember(const std::filesystem::path& file) const;
  void recall(const std::filesystem::path& file);

  const std::filesystem::path& directory() const { return directory_; }
  int root() const { return root_.get(); }
  KnownFiles& known() { return known_; }
  bool trust_times() const { return trust_times_; }

 private:
  CopyOnDisk(const CopyGround& ground, std::filesystem::path directory, Fd root);
  Result<void> write_missing(const Tree& tree);
  Result<void> carry(const std::string& folder);
  Result<void> remove_all_but(const Tree& tree);
  Result<void> remove_in(int folder, const std::string& prefix, const Tree& tree, KnownFiles& kept);
  std::optional<KnownFile> as_wanted(const std::string& path, const FileStat& status,
                                     const Tree& tree) const;
  bool is_carried(const std::string& path) const;
  bool holds_carried(const std::string& folder) const;

  const CopyGround& ground_;
  const std::filesystem::path directory_;
  Fd root_;
  const bool trust_times_;
  KnownFiles known_;
  std::map<std::string, CarriedAs> carried_as_;
  StatCache recalled_;
};

// Copies that are not used now are kept: making one equal to another tree costs what differs, a new
// one costs all. Thread-safe; outlives its copies.
class CopyPool {
 public:
  // Copies lie in sub-folders of `folder`.
  CopyPool(CopyGround ground, std::filesystem::path folder);
  Result<std::unique_ptr<CopyOnDisk>> take(const Tree& tree);
  void give_back(std::unique_ptr<CopyOnDisk> copy);
  const CopyGround& ground() const { return ground_; }

 private:
  static constexpr std::size_t most_parked = 8;

  const CopyGround ground_;
  const std::filesystem::path folder_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<CopyOnDisk>> parked_;
  int made_ = 0;
};

}  // namespace mixagent
