#pragma once
// Between the network thread, which fills an inbox, and the caller of a request, who empties it: a
// bounded buffer and the clocks of one answer. Private to http_curl.

#include "mixagent/http.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace mixagent {

// Host and path of an address, without user, password and query.
std::string url_without_secrets(std::string_view url);

// Thread-safe. One network thread, one caller.
class HttpInbox {
 public:
  // The network's side. Full: the bytes were not taken, the transfer pauses until the caller
  // resumes it.
  enum class Put { taken, full, abandoned };
  Put put(std::string_view bytes, int status);
  void put_header(std::string_view line);
  void close(int status, std::optional<Error> error);

  // The caller's side.
  struct Piece {
    std::string bytes;  // empty: the end
    int status = 0;
    bool was_paused = false;
  };
  // Waits for bytes or the end; empty when the time is over or the caller is stopped.
  std::optional<Piece> take(std::chrono::steady_clock::time_point until, const Cancel& cancel);
  std::chrono::steady_clock::time_point last_byte();
  // After the first byte of a body, or the end.
  std::vector<std::pair<std::string, std::string>> headers();
  // After the end.
  const std::optional<Error>& error() const { return error_; }
  // The caller goes; true when the transfer is still under way.
  bool abandon();

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  int status_ = 0;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string buffer_;
  std::chrono::steady_clock::time_point last_byte_ = std::chrono::steady_clock::now();
  bool paused_ = false, abandoned_ = false, done_ = false;
  std::optional<Error> error_;
};

// Empties an inbox into on_chunk or the reply's body until the end, a timeout or a stop.
Result<HttpReply> read_reply(HttpInbox& inbox, const HttpRequest& request,
                             const std::function<bool(std::string_view)>& on_chunk,
                             const Cancel& cancel, const std::function<void()>& resume);

}  // namespace mixagent
