#pragma once
// One request, sent a second time when no byte of an answer came in time. The first of the two that
// says anything is listened to, the other is cancelled. Runs each on a thread of its own, so only
// providers with `hedge_after_ms` pay for it.

#include "mixagent/http.h"

#include <chrono>
#include <functional>
#include <string_view>

namespace mixagent {

struct Hedge {
  std::chrono::milliseconds after{0};
  // Asked once, on the caller's thread, before the second is sent: is there room and money for it?
  std::function<bool()> may_send;
};

// As Http::send; all callbacks run on the caller's thread, for the answer that is listened to. When
// both fail without a byte the first one's failure is returned.
Result<HttpReply> send_hedged(Http& http, const HttpRequest& request, const Hedge& hedge,
                              const std::function<bool(std::string_view)>& on_chunk,
                              const Cancel& cancel);

}  // namespace mixagent
