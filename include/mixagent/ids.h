#pragma once
// Names that must not be mixed up. All are plain text; which is which is a matter of type.

#include <compare>
#include <functional>
#include <string>

namespace mixagent {

template <class Tag>
struct Id {
  std::string text;
  auto operator<=>(const Id&) const = default;
  bool empty() const { return text.empty(); }
};

using RunId = Id<struct RunTag>;    // "20261124-151200-k3f9": sorts by time
using BlobId = Id<struct BlobTag>;  // SHA-256 of the bytes, 64 hex digits
using TreeId = Id<struct TreeTag>;  // SHA-256 of the canonical listing of a Tree, 64 hex digits

}  // namespace mixagent

template <class Tag>
struct std::hash<mixagent::Id<Tag>> {
  std::size_t operator()(const mixagent::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.text);
  }
};
