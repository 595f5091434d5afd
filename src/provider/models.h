#pragma once
// Sends a request where its model lives, and to the next fallback when that one is down, over quota
// or overloaded: first the model's own fallbacks, then the seat's. A request too long for a model
// goes to the next fallback with a larger window. Every change is told to the observer. Thread-safe
// if both targets are.

#include "mixagent/chat_model.h"
#include "mixagent/model.h"

namespace mixagent {

class ModelRouter final : public ChatModels {
 public:
  // All must outlive it. `replay` serves the models whose provider has the dialect replay, `client`
  // all others.
  ModelRouter(const Lineup& lineup, ChatModels& replay, ChatModels& client)
      : lineup_(lineup), replay_(replay), client_(client) {}

  // When every fallback fails too, the error is the first model's. ChatReply::origin says who
  // answered.
  Result<ChatReply> ask(const ChatRequest& request, CallObserver& observer,
                        const Cancel& cancel) override;

 private:
  ChatModels& home_of(const std::string& model);
  std::vector<std::string> candidates(const ChatRequest& request) const;
  std::size_t next_after(const Error& error, const std::vector<std::string>& names,
                         std::size_t from) const;

  const Lineup& lineup_;
  ChatModels& replay_;
  ChatModels& client_;
};

}  // namespace mixagent
