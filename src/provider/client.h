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

  Result<HttpReply> send(const HttpRequest& http, const CallSize& size, const Seating& seating,
                         const std::function<bool(std::string_view)>& on_chunk,
                         CallObserver& observer, const Cancel& cancel);
  // `asked_to_stop`: the provider says that asking again is useless.
  Result<ChatReply> try_once(HttpRequest http, const ChatRequest& request, const Seating& seating,
                             Throttle::Permit& permit, CallObserver& observer, const Cancel& cancel,
                             bool& asked_to_stop);

  const Lineup& lineup_;
  const KeyLookup key_of_;
  Http& http_;
  Clock& clock_;
  Random& random_;
  std::map<std::string, std::unique_ptr<Throttle>> throttles_;  // by provider
  RefusedParameters refused_;
};

}  // namespace mixagent
