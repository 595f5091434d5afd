#pragma once
// One paid call, from reservation to settled reply, written down before it is used. The only place
// of the engine that asks a model. Thread-safe.

#include "engine/budget.h"
#include "engine/model_book.h"

#include "mixagent/message.h"
#include "mixagent/tools.h"

#include <string>

namespace mixagent {

struct CallSite {
  const Seat& seat;
  const Model& model;
  Pot pot;
  TokenSample before = {};  // the model's call before, where this one goes on from it
};

class Caller {
 public:
  Caller(Tools& tools, Budget& budget) : tools_(tools), budget_(budget), book_(tools) {}

  // request.labels.key names the call; request.model and max_output are set here. A call that the
  // journal already holds is answered from it and costs nothing.
  Result<ChatReply> ask(ChatRequest request, const CallSite& site);
  ModelBook& book() { return book_; }

 private:
  Tools& tools_;
  Budget& budget_;
  ModelBook book_;
};

// Bytes / 2 and a little for each message: more than any tokenizer in use makes of code or prose.
std::int64_t most_tokens(const ChatRequest& request);

}  // namespace mixagent
