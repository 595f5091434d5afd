#pragma once
// What the filtering proxy lets through. One parser for every name, everything that it does not
// know is refused. Pure.

#include "mixagent/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr;

namespace mixagent {

// One entry of sandbox.allow_hosts: "host" (https at 443, http at 80) or "host:port".
struct AllowedHost {
  std::string host;
  int port = 0;  // 0: 443 for CONNECT, 80 for http
  bool operator==(const AllowedHost&) const = default;
};
// Error config for an entry that is no plain host name: never a guess, never a pattern.
Result<std::vector<AllowedHost>> parse_allowed_hosts(const std::vector<std::string>& entries);

struct ProxyRequest {
  bool tunnel = false;  // CONNECT
  std::string host;     // lower case
  int port = 0;
  std::string head;        // what the origin gets; empty for a tunnel
  std::uint64_t body = 0;  // bytes of the client's that follow; of a tunnel: all
};
// `head` is the request up to and with its empty line. The error's text is for the client.
Result<ProxyRequest> parse_proxy_request(std::string_view head);

bool is_allowed(const std::vector<AllowedHost>& list, const ProxyRequest& request);

// An address of the public internet: not of this machine, its networks, or a cloud's metadata
// service, by any spelling.
bool is_public_address(const sockaddr& address);

}  // namespace mixagent
