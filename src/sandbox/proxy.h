#pragma once
// The only way out of a sandbox: CONNECT and plain HTTP to the hosts that the user listed, through
// a socket in the file system. Names are resolved once, here, and the address that was checked is
// the one that is dialled. Whoever may talk to a listed host may also send it anything.

#include "sandbox/proxy_rules.h"

#include "mixagent/error.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace mixagent {

struct ProxyOptions {
  std::vector<AllowedHost> allowed;  // fixed for its life; empty: nothing passes
  bool only_public = true;           // false in tests alone: a server on loopback stands in
};

// Serves on threads of its own until it is destroyed; that cuts what is still open. Thread-safe.
class FilteringProxy {
 public:
  // `folder` is made; its socket may be used by every user who can reach it.
  static Result<std::unique_ptr<FilteringProxy>> open(ProxyOptions options,
                                                      const std::filesystem::path& folder);
  ~FilteringProxy();
  FilteringProxy(const FilteringProxy&) = delete;
  FilteringProxy& operator=(const FilteringProxy&) = delete;

  std::filesystem::path socket() const;
  // "host:port: why" of what was refused so far, each once, at most 20.
  std::vector<std::string> refused() const;

 private:
  struct Body;
  explicit FilteringProxy(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

}  // namespace mixagent
