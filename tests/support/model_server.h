#pragma once
// A local server that speaks the four dialects (Chat Completions also whole, the others streamed)
// and says what a script says. It is as strict as the strictest provider about the conversation it
// is sent, and keeps every request, decoded. Loopback only, on a port of its own; stops when
// destroyed. Thread-safe.

#include "support/chat_wire.h"
#include "support/reply_script.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mixagent {

// USD per 1,000,000 tokens.
struct ServerPrice {
  double input = 0, output = 0, cached = 0, written = 0;
};

class ModelServer {
 public:
  struct Settings {
    std::vector<Reply> script;
    std::map<std::string, ServerPrice> prices;
    std::string key;  // not empty: another one is answered with 401
    std::function<void(const ServerRequest&)>
        on_request;  // before the answer, on the server's thread
  };

  explicit ModelServer(Settings settings);
  ~ModelServer();
  ModelServer(const ModelServer&) = delete;
  ModelServer& operator=(const ModelServer&) = delete;

  int port() const;
  std::vector<ServerRequest> requests() const;
  double spent_usd() const;
  int most_open() const;
  // Requests that no reply fits, and conversations that a provider would refuse.
  std::vector<std::string> faults() const;
  std::vector<std::string> unused() const;  // replies that nobody asked for

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mixagent
