#pragma once
// Asks models over HTTP: encode, send, decode, and the one retry loop. Fallbacks to other models
// are taken above (provider/models.h). Thread-safe.

#include "provider/adapt.h"
#include "provider/throttle.h"

#include "mixagent/chat_model.h"
#include "mixagent/clock.h"
#include "mixagent/http.h"
#include "mixagent/model.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace mixagent {

// The key of a provider; "" where it needs none (a server on this machine). Called for every try,
// so it should remember what a command printed. Errors: auth.
using KeyLookup = std::function<Result<std::string>(const Provider&)>;

class Client final : public ChatModels {
 public:
  // All references must outlive the client; the lineup must not change.
  Client(const Lineup& lineup, KeyLookup key_of, Http& http, Clock& clock, Random& random);

  Result<ChatReply> ask(const ChatRequest& request, CallObserver& observer,
                        const Cancel& cancel) override;

 private:
  struct Seating {  // who answers
    const Model& model;
    const Provider& provider;
    Throttle& throttle;
  };
  Result<Seating> seating_of(const std::string& model_name);
  HttpRequest http_request(const ChatRequest& request, const Seating& seating,
                           const std::string& key);
  void know_its_end(Error& error);

  // What one try shows beside its reply.
  struct Trace {
    std::string body;            // as sent
    bool asked_to_stop = false;  // the provider says that asking again is useless
    std::int64_t pause_ms = 0;
  };
  Result<ChatReply> try_once(const ChatRequest& request, const Seating& seating,
                             const std::string& key, CallObserver& observer, const Cancel& cancel,
                             Trace& trace);

  const Lineup& lineup_;
  const KeyLookup key_of_;
  Http& http_;
  Clock& clock_;
  Random& random_;
  std::map<std::string, std::unique_ptr<Throttle>> throttles_;  // by provider
  RefusedParameters refused_;
};

}  // namespace mixagent
