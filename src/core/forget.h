#pragma once
// Old observations taken out of a long conversation. Prompt caches live on stable prefixes, so it
// is done seldom and then for much: nothing until a conversation is `begin_at` long, then as much
// as brings it down to `down_to`. Pure.

#include "mixagent/message.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mixagent {

struct ForgetPolicy {
  std::int64_t begin_at = 48'000, down_to = 24'000;  // tokens
};
// The same in a smaller window: a reply has to fit too.
ForgetPolicy forget_policy(std::int64_t window, std::int64_t max_output);

// `observations`: indexes of the messages that hold results, oldest first; the latest are kept, and
// so are short ones. `tokens`: how long the conversation is. Returns how many tokens it became
// shorter, by estimate; 0 below the threshold.
std::int64_t forget_observations(std::vector<Message>& messages,
                                 const std::vector<std::size_t>& observations, std::int64_t tokens,
                                 const ForgetPolicy& policy);

}  // namespace mixagent
