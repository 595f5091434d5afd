#pragma once
// The folders that a command sees stacked as overlays, looked at from outside: what the upper one
// holds, hides, or leaves to the lower one. No link of the disk is ever followed; links inside the
// workspace are followed here, by name. Belongs to one thread.

#include "system/beneath.h"
#include "system/change_at.h"

#include "mixagent/error.h"

#include <optional>
#include <string>
#include <vector>

namespace mixagent {

struct Layer {
  std::string at;  // below the workspace; empty: all of it
  Fd upper, lower;
};

struct LayeredFile {
  FileStat status;
  Fd folder;  // that holds it
  std::string name;
  bool in_upper = false;
  bool also_below = false;  // in_upper: removing it would show the one below
};

class Layers {
 public:
  // The one of the whole workspace first.
  explicit Layers(std::vector<Layer> layers, const std::optional<Owner>& owner)
      : layers_(std::move(layers)), owner_(owner) {}

  // The path without links; what is there may be missing, its folder may not. `last` says whether a
  // link at the end is followed. Error denied when it leads out, not_found when a folder is
  // missing.
  Result<std::string> resolve(const std::string& path, bool follow_last) const;
  // `path` is resolved. Empty when nothing is there.
  Result<std::optional<LayeredFile>> find(const std::string& path) const;
  // Opened for writing and empty, in the upper folder.
  Result<Fd> open_emptied(const std::string& path, unsigned mode_of_new);
  Result<void> remove(const std::string& path);
  // For files that are put there: what is in the way is the caller's.
  Result<Fd> upper_folder(const std::string& path);

 private:
  const Layer& layer_of(const std::string& path, std::string& rest) const;

  std::vector<Layer> layers_;
  const std::optional<Owner> owner_;
};

}  // namespace mixagent
