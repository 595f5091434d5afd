#pragma once
// HTTP through libcurl: one network thread multiplexes every transfer, callers block on their own
// bounded buffer and run their own callbacks. Thread-safe; `send` may be called from any number of
// threads. Nothing of curl is initialised and no thread is started before the first `send`.
//
// Honours HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR. Redirects are never followed: an
// API that answers with one is an error that names the target. Errors name the address without its
// query and never a header.

#include "mixagent/http.h"

#include <memory>

namespace mixagent {

// Does the address name this machine itself ("http://localhost:8080/v1")?
bool is_loopback_url(std::string_view url);

class HttpCurl final : public Http {
 public:
  HttpCurl();
  // Waits for nothing but the network thread: no `send` may be running.
  ~HttpCurl() override;
  HttpCurl(const HttpCurl&) = delete;
  HttpCurl& operator=(const HttpCurl&) = delete;

  // When `on_chunk` returns false the transfer ends and the reply so far is returned as a success.
  Result<HttpReply> send(const HttpRequest& request,
                         const std::function<bool(std::string_view)>& on_chunk,
                         const Cancel& cancel) override;

 private:
  class Network;
  std::unique_ptr<Network> network_;
};

}  // namespace mixagent
