#include "system/http_inbox.h"

#include "system/http_curl.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace mixagent {

namespace {

// A caller that is slower than the network lets this much pile up, then the transfer is paused.
constexpr std::size_t buffer_limit = 256u << 10;
// Of an error answer the beginning says everything.
constexpr std::size_t error_body_limit = 1u << 20;

std::string seconds(std::chrono::milliseconds duration) {
  const auto ms = duration.count();
  return ms % 1'000 == 0 ? std::to_string(ms / 1'000) + " s" : std::to_string(ms) + " ms";
}

std::string header(const HttpReply& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (key == name) return value;
  }
  return {};
}

class Reader {
 public:
  Reader(HttpInbox& inbox, const HttpRequest& request,
         const std::function<bool(std::string_view)>& on_chunk, const Cancel& cancel)
      : inbox_(inbox),
        request_(request),
        on_chunk_(on_chunk),
        cancel_(cancel),
        where_(url_without_secrets(request.url)),
        total_deadline_(std::chrono::steady_clock::now() + request.total_timeout) {}

  Result<HttpReply> read(const std::function<void()>& resume) {
    while (true) {
      if (cancel_.stopped()) return stop(ErrorCode::cancelled, "cancelled");
      auto piece = inbox_.take(next_deadline(), cancel_);
      if (!piece) {
        MIX_OK(check_clocks());
        continue;
      }
      if (piece->was_paused) resume();
      show_head(piece->status);
      if (piece->bytes.empty()) return finish();
      MIX_TRY(const bool more, take(piece->bytes));
      if (!more) return with_headers();
    }
  }

 private:
  using Time = std::chrono::steady_clock::time_point;

  // A caller's own slowness is no stall.
  Time stalls_at() { return std::max(inbox_.last_byte(), taken_at_) + request_.stall_timeout; }

  Time next_deadline() {
    const auto until = std::min(stalls_at(), total_deadline_);
    return cancel_.deadline ? std::min(until, *cancel_.deadline) : until;
  }

  Result<void> check_clocks() {
    const auto now = std::chrono::steady_clock::now();
    if (cancel_.stopped()) return stop(ErrorCode::cancelled, "cancelled");
    if (cancel_.deadline && now >= *cancel_.deadline) {
      return stop(ErrorCode::timeout, "the run's time is over");
    }
    if (now >= total_deadline_) {
      return stop(ErrorCode::timeout,
                  "no complete answer within " + seconds(request_.total_timeout));
    }
    if (now >= stalls_at()) {
      return stop(ErrorCode::timeout, "no byte came for " + seconds(request_.stall_timeout));
    }
    return {};
  }

  void show_head(int status) {
    const bool first = reply_.status == 0 && status != 0;
    reply_.status = status;
    if (first && request_.on_head) request_.on_head({status, inbox_.headers(), {}});
  }

  // False when the caller has seen enough.
  Result<bool> take(const std::string& bytes) {
    received_ += bytes.size();
    if (reply_.status >= 400 && received_ > error_body_limit) {
      reply_.body +=
          bytes.substr(0, error_body_limit - std::min(error_body_limit, reply_.body.size()));
      return false;
    }
    if (received_ > request_.max_reply_bytes) {
      return stop(ErrorCode::protocol, "the answer is larger than " +
                                           std::to_string(request_.max_reply_bytes) + " bytes");
    }
    if (on_chunk_ && reply_.status >= 200 && reply_.status < 300) {
      const bool more = on_chunk_(bytes);
      taken_at_ = std::chrono::steady_clock::now();
      return more;
    }
    reply_.body += bytes;
    return true;
  }

  Result<HttpReply> finish() {
    if (inbox_.error()) {
      Error error = *inbox_.error();
      error.http_status = reply_.status;
      error.partial_output = received_ > 0 && reply_.status >= 200 && reply_.status < 300;
      return fail(std::move(error));
    }
    auto reply = with_headers();
    if (reply.status < 300 || reply.status >= 400) return reply;
    const auto target = url_without_secrets(header(reply, "location"));
    Error error = fail(ErrorCode::config,
                       "the address answers with a redirect (" + std::to_string(reply.status) +
                           ")" + (target.empty() ? "" : " to " + target),
                       where_, "redirects are not followed: set base_url to the final address")
                      .value();
    error.http_status = reply.status;
    return fail(std::move(error));
  }

  // Headers are whole once a byte of the body, or the end, has come.
  HttpReply with_headers() {
    reply_.headers = inbox_.headers();
    return std::move(reply_);
  }

  tl::unexpected<Error> stop(ErrorCode code, std::string what) const {
    Error error = fail(code, std::move(what), where_).value();
    error.http_status = reply_.status;
    error.partial_output = received_ > 0 && reply_.status >= 200 && reply_.status < 300;
    return fail(std::move(error));
  }

  HttpInbox& inbox_;
  const HttpRequest& request_;
  const std::function<bool(std::string_view)>& on_chunk_;
  const Cancel& cancel_;
  const std::string where_;
  const Time total_deadline_;
  Time taken_at_{};
  HttpReply reply_;
  std::size_t received_ = 0;
};

}  // namespace

std::string url_without_secrets(std::string_view url) {
  std::string shown(url.substr(0, url.find_first_of("?#")));
  const auto host = shown.find("://");
  if (host == std::string::npos) return shown;
  const auto end = shown.find('/', host + 3);
  const auto at = shown.substr(0, end).rfind('@');
  if (at != std::string::npos && at > host) shown.erase(host + 3, at + 1 - (host + 3));
  return shown;
}

bool is_loopback_url(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  auto host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  if (host == "[::1]" || host.substr(0, 6) == "[::1]:") return true;
  host = host.substr(0, host.find(':'));
  return host == "localhost" || (host.substr(0, 4) == "127." &&
                                 host.find_first_not_of("0123456789.") == std::string_view::npos);
}

HttpInbox::Put HttpInbox::put(std::string_view bytes, int status) {
  const std::lock_guard lock(mutex_);
  if (abandoned_) return Put::abandoned;
  if (buffer_.size() >= buffer_limit) {
    paused_ = true;
    return Put::full;
  }
  status_ = status;
  buffer_.append(bytes);
  last_byte_ = std::chrono::steady_clock::now();
  changed_.notify_all();
  return Put::taken;
}

void HttpInbox::put_header(std::string_view line) {
  const std::lock_guard lock(mutex_);
  last_byte_ = std::chrono::steady_clock::now();
  if (status_ != 0) return;  // a trailer
  if (line.substr(0, 5) == "HTTP/") {
    headers_.clear();  // an interim or proxy answer came before
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  auto value = line.substr(colon + 1);
  const auto first = value.find_first_not_of(" \t\r\n");
  const auto last = value.find_last_not_of(" \t\r\n");
  value = first == std::string_view::npos ? "" : value.substr(first, last - first + 1);
  headers_.emplace_back(std::move(name), std::string(value));
}

void HttpInbox::close(int status, std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  status_ = status;
  error_ = std::move(error);
  done_ = true;
  changed_.notify_all();
}

std::optional<HttpInbox::Piece> HttpInbox::take(std::chrono::steady_clock::time_point until,
                                                const Cancel& cancel) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return !buffer_.empty() || done_; };
  if (!changed_.wait_until(lock, cancel.stop, until, ready)) return std::nullopt;
  Piece piece;
  piece.bytes.swap(buffer_);
  piece.status = status_;
  piece.was_paused = std::exchange(paused_, false);
  return piece;
}

std::chrono::steady_clock::time_point HttpInbox::last_byte() {
  const std::lock_guard lock(mutex_);
  return last_byte_;
}

std::vector<std::pair<std::string, std::string>> HttpInbox::headers() {
  const std::lock_guard lock(mutex_);
  return headers_;
}

bool HttpInbox::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  return !done_;
}

Result<HttpReply> read_reply(HttpInbox& inbox, const HttpRequest& request,
                             const std::function<bool(std::string_view)>& on_chunk,
                             const Cancel& cancel, const std::function<void()>& resume) {
  return Reader(inbox, request, on_chunk, cancel).read(resume);
}

}  // namespace mixagent
