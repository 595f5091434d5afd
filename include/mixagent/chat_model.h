#pragma once
// Asking a model. One port for all providers; retries, pacing and failover happen below it, and
// every one of them is told to the observer, who writes it down. Implemented in provider/client.cpp
// and provider/replay.cpp. Thread-safe.

#include "mixagent/cancel.h"
#include "mixagent/error.h"
#include "mixagent/message.h"

#include <string>
#include <string_view>

namespace mixagent {

struct RetryNote {
  ErrorCode kind = ErrorCode::network;
  std::string why;
  std::int64_t wait_ms = 0;
  bool partial_output = false;  // tokens were generated and will be billed
  std::string failed_over_to;   // not empty: another model was taken
};

class CallObserver {
 public:
  virtual ~CallObserver() = default;
  // Before the wait. Runs on the caller's thread. An error ends the call with that error (a money
  // cap, say).
  virtual Result<void> on_retry(const RetryNote& note) = 0;
  // Before the same request is sent a second time because no byte came for `waited_ms`. Whichever
  // answer comes later is given up and may be billed. An error: it is not sent, the first goes on.
  virtual Result<void> on_hedge(std::int64_t waited_ms) {
    (void)waited_ms;
    return fail(ErrorCode::budget, "nobody pays for a second request");
  }
  virtual void on_delta(std::string_view text) = 0;  // for the display only
};

class ChatModels {
 public:
  virtual ~ChatModels() = default;
  // A reply of a cut stream is never returned: it is discarded and asked again (an Error when the
  // tries are used up).
  virtual Result<ChatReply> ask(const ChatRequest& request, CallObserver& observer,
                                const Cancel& cancel) = 0;
};

}  // namespace mixagent
