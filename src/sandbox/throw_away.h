#pragma once
// Caches that a command may write without changing them: in a layer of its own, gone with it. What
// one command put there another never reads, so no step can prepare the verdict on itself.

#include "sandbox/policy.h"

#include "mixagent/overlay.h"

#include <memory>

namespace mixagent {

class ThrowAway {
 public:
  // Makes policy.throw_away writable, below `folder`, which goes when this is destroyed.
  static Result<std::unique_ptr<ThrowAway>> make(const std::filesystem::path& folder,
                                                 Policy& policy);
  ~ThrowAway();
  ThrowAway(const ThrowAway&) = delete;
  ThrowAway& operator=(const ThrowAway&) = delete;

  // Each to be mounted at the folder `merged` of its scratch.
  const std::vector<Overlay>& overlays() const { return overlays_; }

 private:
  explicit ThrowAway(std::filesystem::path folder) : folder_(std::move(folder)) {}
  const std::filesystem::path folder_;
  std::vector<Overlay> overlays_;
};

}  // namespace mixagent
