#pragma once
// The first and the last bytes of a stream of any length, in constant memory. One thread.

#include <cstdint>
#include <string>
#include <string_view>

namespace mixagent {

class HeadTail {
 public:
  HeadTail(std::size_t keep_head, std::size_t keep_tail)
      : keep_head_(keep_head), keep_tail_(keep_tail) {}

  void add(std::string_view bytes);
  std::uint64_t seen() const { return seen_; }
  std::uint64_t dropped() const { return seen_ - head_.size() - tail_.size(); }
  // Head and tail, with "\n[... N bytes left out ...]\n" between when something is missing.
  std::string text() const;

 private:
  std::size_t keep_head_, keep_tail_;
  std::string head_;
  std::string tail_;        // a ring once it is full
  std::size_t oldest_ = 0;  // where the ring begins
  std::uint64_t seen_ = 0;
};

}  // namespace mixagent
