#pragma once
// path -> (what stat said, which bytes that was), kept between runs. Only states that a later
// change cannot hide behind are kept: files whose ctime was already in the past when their bytes
// were read.

#include "system/beneath.h"

#include "mixagent/change.h"
#include "mixagent/error.h"

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>

namespace mixagent {

class StatCache {
 public:
  static StatCache load(const std::filesystem::path& file);  // a missing or damaged one is empty
  Result<void> save(const std::filesystem::path& file) const;

  std::optional<TreeEntry> find(const std::string& path, const FileStat& status) const;
  // When the file that holds these bytes was last modified, if it is the one that was seen.
  std::optional<std::int64_t> modified_ns(const std::string& path, const BlobId& blob) const;
  // `read_at_ns`: coarse_now_ns() before the bytes were read.
  void remember(const std::string& path, const FileStat& status, const TreeEntry& entry,
                std::int64_t read_at_ns);

  bool operator==(const StatCache&) const = default;

 private:
  struct Seen {
    std::int64_t size = 0, mtime_ns = 0, ctime_ns = 0;
    std::uint64_t inode = 0;
    TreeEntry entry;
    bool operator==(const Seen&) const = default;
  };
  std::unordered_map<std::string, Seen> seen_;
};

}  // namespace mixagent
