#pragma once
// Known secret values never reach the disk: they become placeholders [[secret:NAME]], and come back
// when read by a process that knows the value. Text that looks like a placeholder survives as text:
// what a repository or a model wrote can never turn into a secret. Immutable, thread-safe.

#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

struct Secret {
  std::string name, value;
};

class Scrubber {
 public:
  // Values shorter than 12 characters are left out: they would match ordinary text.
  explicit Scrubber(std::vector<Secret> secrets);

  std::string scrub(std::string_view bytes) const;
  std::string restore(std::string_view bytes) const;
  // For text that is JSON already: matches values in their escaped spelling too. Not restored.
  std::string scrub_json(std::string json) const;

 private:
  std::vector<Secret> secrets_;  // longest value first, so that a part never hides the whole
};

}  // namespace mixagent
