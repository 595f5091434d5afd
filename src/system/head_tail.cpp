#include "system/head_tail.h"

#include <algorithm>

namespace mixagent {

void HeadTail::add(std::string_view bytes) {
  seen_ += bytes.size();
  const std::size_t to_head = std::min(bytes.size(), keep_head_ - head_.size());
  head_.append(bytes.substr(0, to_head));
  bytes.remove_prefix(to_head);
  if (bytes.size() > keep_tail_) bytes.remove_prefix(bytes.size() - keep_tail_);

  const std::size_t to_grow = std::min(bytes.size(), keep_tail_ - tail_.size());
  tail_.append(bytes.substr(0, to_grow));
  bytes.remove_prefix(to_grow);
  while (!bytes.empty()) {
    const std::size_t run = std::min(bytes.size(), keep_tail_ - oldest_);
    std::copy_n(bytes.begin(), run, tail_.begin() + static_cast<std::ptrdiff_t>(oldest_));
    oldest_ = (oldest_ + run) % keep_tail_;
    bytes.remove_prefix(run);
  }
}

std::string HeadTail::text() const {
  std::string text = head_;
  if (dropped() > 0) text += "\n[... " + std::to_string(dropped()) + " bytes left out ...]\n";
  text.append(tail_, oldest_);
  text.append(tail_, 0, oldest_);
  return text;
}

}  // namespace mixagent
