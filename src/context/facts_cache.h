#pragma once
// Facts of files by content, kept in two files of one folder: a large one that is rarely written,
// and what came since. Each is replaced whole, so two processes at once lose at most what the other
// one would find again; one that does not read back is as if it were not there. Not thread-safe.

#include "context/facts.h"

#include "mixagent/ids.h"

#include <array>
#include <deque>
#include <filesystem>
#include <unordered_map>
#include <vector>

namespace mixagent {

class FactsCache {
 public:
  // Reads what is there. Empty `folder`: nothing is kept. `variant`: facts that were found another
  // way are not used.
  FactsCache(std::filesystem::path folder, std::uint32_t variant);
  // The view lives as long as the cache. False: not known.
  bool find(const BlobId& blob, FactsView& view);
  void add(const BlobId& blob, std::vector<std::uint32_t> packed);
  // Writes when there is something new. What nobody asked for goes when the large file is
  // rewritten.
  void save();

 private:
  using Key = std::array<std::uint32_t, 8>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return key[0] ^ (static_cast<std::size_t>(key[1]) << 32U);
    }
  };
  struct Place {
    std::span<const std::uint32_t> packed;
    bool recent = false, used = false;
  };
  static Key key_of(const BlobId& blob);
  void load(const char* name, std::vector<std::uint32_t>& words, bool recent);
  void write(const char* name, bool all);

  std::filesystem::path folder_;
  std::uint32_t variant_;
  std::vector<std::uint32_t> base_, recent_;
  std::deque<std::vector<std::uint32_t>> added_;
  std::unordered_map<Key, Place, KeyHash> places_;
};

}  // namespace mixagent
