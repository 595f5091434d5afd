#pragma once
// What commands see as /etc. A mount costs each command a fifth of a millisecond, so it is one
// folder: copies, kept in the cache until the host's files change.

#include "sandbox/policy.h"

namespace mixagent {

// Entries of the host's /etc that programs need and that hold no secret; paths.
std::vector<std::string> etc_entries();

struct EtcFolder {
  std::string path;
  std::vector<Bind> large;  // too much to copy: to be bound over their empty places in it
};

// Copies of `entries` by their own names, of what everybody may read; besides them `hosts` and
// `hostname`, and links into /run/mixagent for what differs from run to run: `passwd`, `group`,
// `resolv.conf`.
Result<EtcFolder> prepare_etc(const std::vector<std::string>& entries,
                              const std::filesystem::path& cache);

}  // namespace mixagent
