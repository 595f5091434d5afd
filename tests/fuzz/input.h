#pragma once
// The bytes of one fuzz case: what is read, and at the end two bytes that steer the reading, so
// that recorded traffic with two bytes appended is a seed.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace mixagent {

struct FuzzInput {
  std::string_view text;
  unsigned choice = 0;  // what the target makes of it
  std::uint32_t cuts = 1;

  FuzzInput(const std::uint8_t* data, std::size_t size)
      : text(reinterpret_cast<const char*>(data), size) {
    if (size < 2) return;
    choice = data[size - 1];
    cuts = 1u + data[size - 2];
    text.remove_suffix(2);
  }

  // The text in pieces of 1 to 16 bytes.
  template <class Feed>
  void in_pieces(Feed feed) const {
    auto rest = text;
    auto state = cuts;
    while (!rest.empty()) {
      state = state * 1'664'525u + 1'013'904'223u;
      const auto piece = rest.substr(0, 1 + (state >> 28));
      feed(piece);
      rest.remove_prefix(piece.size());
    }
  }
};

// A broken promise is a finding like a crash.
inline void promise(bool kept) {
  if (!kept) std::abort();
}

}  // namespace mixagent
