#pragma once
// A tree with its bytes in memory.

#include "base/digest.h"

#include "mixagent/context.h"

#include <map>
#include <string>

namespace mixagent {

struct FilesInMemory {
  Tree tree;
  std::map<std::string, std::string> bytes;  // by blob

  void add(const std::string& path, const std::string& text, FileMode mode = FileMode::regular) {
    const BlobId blob{sha256_hex(text)};
    bytes[blob.text] = text;
    tree[path] = TreeEntry{blob, mode, static_cast<std::int64_t>(text.size())};
  }
  BlobReader reader() const {
    return [this](const BlobId& blob) -> Result<std::string> {
      const auto found = bytes.find(blob.text);
      if (found == bytes.end()) return fail(ErrorCode::not_found, "no such blob");
      return found->second;
    };
  }
};

}  // namespace mixagent
