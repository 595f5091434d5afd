#pragma once
// Sends a request where its model lives, and to the next fallback when that one is down, over quota
// or overloaded: first the model's own fallbacks, then the seat's. A prompt that is too long goes
// to a fallback with a larger window only, a filtered one to one other model. What will not come
// back by itself is not asked again for a while. Every change is told to the observer. Thread-safe
// if both targets are.

#include "mixagent/chat_model.h"
#include "mixagent/clock.h"
#include "mixagent/model.h"

#include <map>
#include <mutex>
#include <optional>

namespace mixagent {

// So long a model without quota, a refused key or an unknown id is passed over.
constexpr std::int64_t passed_over_ms = 600'000;

class ModelRouter final : public ChatModels {
 public:
  // All must outlive it. `replay` serves the models whose provider has the dialect replay, `client`
  // all others.
  ModelRouter(const Lineup& lineup, ChatModels& replay, ChatModels& client, Clock& clock)
      : lineup_(lineup), replay_(replay), client_(client), clock_(clock) {}

  // When every fallback fails too, the error is the first model's. ChatReply::origin says who
  // answered.
  Result<ChatReply> ask(const ChatRequest& request, CallObserver& observer,
                        const Cancel& cancel) override;

 private:
  ChatModels& home_of(const std::string& model);
  std::vector<std::string> candidates(const ChatRequest& request) const;
  // The next of `names` after `at` that may help with this error; names.size() when there is none.
  std::size_t next_for(const Error& error, const std::vector<std::string>& names,
                       std::size_t at) const;
  void note_down(const std::string& model, const Error& error);
  std::optional<Error> down(const std::string& model);

  const Lineup& lineup_;
  ChatModels& replay_;
  ChatModels& client_;
  Clock& clock_;
  struct Down {
    Error error;
    std::int64_t until_ms = 0;  // steady
  };
  std::mutex mutex_;
  std::map<std::string, Down> down_;  // by model; a refused key by "key of PROVIDER"
};

}  // namespace mixagent
