#pragma once
// One HTTP exchange with a streamed answer. Implemented in system/http_curl.cpp: all transfers run
// on one network thread, callers block on their own queue and run `on_chunk` themselves.
// Thread-safe.

#include "mixagent/cancel.h"
#include "mixagent/error.h"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mixagent {

struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>>
      headers;       // names in lower case, last response only
  std::string body;  // only what on_chunk did not take: everything when it is empty or the status
                     // is an error (of an error at most its first megabyte)
};

struct HttpRequest {
  std::string method = "POST";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  // may hold secrets: never logged
  std::string body;
  std::chrono::milliseconds connect_timeout{15'000};
  std::chrono::milliseconds stall_timeout{60'000};  // no byte for so long, before or in the answer
  std::chrono::milliseconds total_timeout{1'800'000};
  std::size_t max_reply_bytes = 32u << 20;  // unpacked; a larger answer is an error
  bool new_connection = false;              // one that hangs is not to be shared
  // Once, on the caller's thread, when status and headers are known; no body yet. May be empty.
  std::function<void(const HttpReply& head)> on_head = nullptr;
};

class Http {
 public:
  virtual ~Http() = default;
  // on_chunk runs on the caller's thread, in order, for answers with status 2xx; return false to
  // abort. Errors: network (partial_output tells whether body bytes had come), timeout, cancelled.
  virtual Result<HttpReply> send(const HttpRequest& request,
                                 const std::function<bool(std::string_view)>& on_chunk,
                                 const Cancel& cancel) = 0;
};

}  // namespace mixagent
