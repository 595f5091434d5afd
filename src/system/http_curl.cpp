#include "system/http_curl.h"

#include "version.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <signal.h>
#include <sys/socket.h>
#include <thread>

namespace mixagent {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// A caller that is slower than the network lets this much pile up, then the transfer is paused.
constexpr std::size_t buffer_limit = 256u << 10;

struct EasyDelete {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct HeaderListDelete {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// One exchange, shared by its caller and the network thread; the fields below the mutex are guarded
// by it.
struct Transfer {
  std::unique_ptr<CURL, EasyDelete> easy;
  std::unique_ptr<curl_slist, HeaderListDelete> header_list;
  std::string body;
  char error_text[CURL_ERROR_SIZE] = {};

  std::mutex mutex;
  std::condition_variable_any changed;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string buffer;
  SteadyTime last_byte = std::chrono::steady_clock::now();
  bool paused = false;
  bool abandoned = false;  // the caller has gone: take no more bytes
  bool done = false;
  CURLcode outcome = CURLE_OK;
};

std::string without_secrets(std::string_view url) {
  std::string shown(url.substr(0, url.find_first_of("?#")));
  const auto host = shown.find("://");
  if (host == std::string::npos) return shown;
  const auto end = shown.find('/', host + 3);
  const auto at = shown.substr(0, end).rfind('@');
  if (at != std::string::npos && at > host) shown.erase(host + 3, at + 1 - (host + 3));
  return shown;
}

void take_header(Transfer& transfer, std::string_view line) {
  if (line.substr(0, 5) == "HTTP/") {
    transfer.headers.clear();  // an interim or proxy answer came before
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  auto value = line.substr(colon + 1);
  const auto first = value.find_first_not_of(" \t");
  const auto last = value.find_last_not_of(" \t\r\n");
  value = first == std::string_view::npos ? "" : value.substr(first, last - first + 1);
  transfer.headers.emplace_back(std::move(name), std::string(value));
}

extern "C" {

size_t mixagent_on_header(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::lock_guard lock(transfer.mutex);
  take_header(transfer, {data, size * count});
  transfer.last_byte = std::chrono::steady_clock::now();
  return size * count;
}

size_t mixagent_on_body(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::lock_guard lock(transfer.mutex);
  if (transfer.abandoned) return 0;
  if (transfer.buffer.size() >= buffer_limit) {
    transfer.paused = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  long status = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  transfer.status = static_cast<int>(status);
  transfer.buffer.append(data, size * count);
  transfer.last_byte = std::chrono::steady_clock::now();
  transfer.changed.notify_all();
  return size * count;
}

// Children that are started while a transfer runs must not inherit its socket.
curl_socket_t mixagent_open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // extern "C"

void set_trust_and_route(CURL* easy, const std::string& url) {
  if (const char* file = std::getenv("SSL_CERT_FILE"); file != nullptr && *file != '\0') {
    curl_easy_setopt(easy, CURLOPT_CAINFO, file);
  }
  if (const char* folder = std::getenv("SSL_CERT_DIR"); folder != nullptr && *folder != '\0') {
    curl_easy_setopt(easy, CURLOPT_CAPATH, folder);
  }
  // curl reads the proxy variables itself; a server on this machine is never behind a proxy.
  if (is_loopback_url(url)) curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

std::shared_ptr<Transfer> prepare(const HttpRequest& request) {
  auto transfer = std::make_shared<Transfer>();
  transfer->easy.reset(curl_easy_init());
  CURL* easy = transfer->easy.get();
  if (easy == nullptr) return nullptr;
  transfer->body = request.body;

  curl_slist* list = curl_slist_append(nullptr, "Expect:");  // no round trip before a large body
  for (const auto& [name, value] : request.headers) {
    // "Name;" is curl's spelling of a header without a value.
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    list = curl_slist_append(list, line.c_str());
  }
  transfer->header_list.reset(list);

  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // cancelling does not wait for a name lookup
#endif
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "mixagent/" MIXAGENT_VERSION);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
  if (request.method == "POST") {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(transfer->body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body.data());
  } else {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error_text);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, mixagent_open_socket);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, mixagent_on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer.get());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, mixagent_on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer.get());
  set_trust_and_route(easy, request.url);
  return transfer;
}

Error curl_error(const Transfer& transfer, CURLcode code, const std::string& where) {
  const std::string what =
      transfer.error_text[0] != '\0' ? transfer.error_text : curl_easy_strerror(code);
  const auto made = [&](ErrorCode kind, std::string hint = {}) {
    return fail(kind, what, where, std::move(hint)).value();
  };
  switch (static_cast<int>(code)) {
    case CURLE_OPERATION_TIMEDOUT:
      return made(ErrorCode::timeout, "the server did not accept the connection in time");
    case CURLE_COULDNT_RESOLVE_HOST:
      return made(ErrorCode::network, "check base_url and the network connection");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return made(ErrorCode::network, "check HTTPS_PROXY");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return made(ErrorCode::config,
                  "the server's certificate is not trusted; SSL_CERT_FILE names a file with "
                  "further authorities");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return made(ErrorCode::config, "base_url must begin with https:// (or http://)");
    default:
      return made(ErrorCode::network);
  }
}

std::string header(const HttpReply& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

// Owns the thread and the multi handle. Callers hand over commands under `mutex_`; curl itself is
// touched by the thread only.
class HttpCurl::Network {
 public:
  void start() {
    std::call_once(started_, [this] {
      curl_global_init(CURL_GLOBAL_DEFAULT);
      multi_ = curl_multi_init();
      MIX_CHECK(multi_ != nullptr, "curl_multi_init failed: out of memory");
      curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
      thread_ = std::thread([this] { serve(); });
    });
  }

  ~Network() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    for (const auto& [easy, transfer] : running_) curl_multi_remove_handle(multi_, easy);
    running_.clear();
    curl_multi_cleanup(multi_);
  }

  enum class Command { add, resume, remove };
  void post(Command command, std::shared_ptr<Transfer> transfer) {
    {
      const std::lock_guard lock(mutex_);
      commands_.emplace_back(command, std::move(transfer));
    }
    curl_multi_wakeup(multi_);
  }

 private:
  void serve() {
    // Signals belong to the main thread; a broken pipe is an error code here.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    while (carry_out_commands()) {
      int active = 0;
      curl_multi_perform(multi_, &active);
      report_finished();
      curl_multi_poll(multi_, nullptr, 0, 1'000, nullptr);
    }
  }

  bool carry_out_commands() {
    std::vector<std::pair<Command, std::shared_ptr<Transfer>>> commands;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return false;
      commands.swap(commands_);
    }
    for (auto& [command, transfer] : commands) {
      CURL* easy = transfer->easy.get();
      switch (command) {
        case Command::add:
          running_[easy] = transfer;
          curl_multi_add_handle(multi_, easy);
          break;
        case Command::resume:
          if (running_.count(easy) != 0) curl_easy_pause(easy, CURLPAUSE_CONT);
          break;
        case Command::remove:
          if (running_.erase(easy) != 0) curl_multi_remove_handle(multi_, easy);
          break;
      }
    }
    return true;
  }

  void report_finished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode outcome = message->data.result;
      const auto found = running_.find(easy);
      if (found == running_.end()) continue;
      const auto transfer = found->second;
      running_.erase(found);
      long status = 0;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      curl_multi_remove_handle(multi_, easy);
      const std::lock_guard lock(transfer->mutex);
      transfer->status = static_cast<int>(status);
      transfer->outcome = outcome;
      transfer->done = true;
      transfer->changed.notify_all();
    }
  }

  std::once_flag started_;
  CURLM* multi_ = nullptr;
  std::thread thread_;
  std::map<CURL*, std::shared_ptr<Transfer>> running_;  // the thread's own

  std::mutex mutex_;
  std::vector<std::pair<Command, std::shared_ptr<Transfer>>> commands_;
  bool stopping_ = false;
};

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

HttpCurl::HttpCurl() : network_(std::make_unique<Network>()) {}
HttpCurl::~HttpCurl() = default;

namespace {

// The caller's half of an exchange: waits, runs on_chunk, watches the clocks.
class Reader {
 public:
  Reader(Transfer& transfer, const HttpRequest& request,
         const std::function<bool(std::string_view)>& on_chunk, const Cancel& cancel)
      : transfer_(transfer),
        request_(request),
        on_chunk_(on_chunk),
        cancel_(cancel),
        where_(without_secrets(request.url)),
        total_deadline_(std::chrono::steady_clock::now() + request.total_timeout) {}

  // `resume` is called when a paused transfer may go on.
  Result<HttpReply> read(const std::function<void()>& resume) {
    while (true) {
      MIX_TRY(const bool open, next_piece(resume));
      if (!open) break;
      MIX_TRY(const bool more, take_piece());
      if (!more) return std::move(reply_);
    }
    return finish();
  }

 private:
  // Waits for bytes or the end; false at the end.
  Result<bool> next_piece(const std::function<void()>& resume) {
    std::unique_lock lock(transfer_.mutex);
    while (true) {
      if (cancel_.stopped()) return stop(ErrorCode::cancelled, "cancelled");
      if (!transfer_.buffer.empty() || transfer_.done) break;
      const auto now = std::chrono::steady_clock::now();
      if (cancel_.deadline && now >= *cancel_.deadline) {
        return stop(ErrorCode::timeout, "the run's time is over");
      }
      if (now >= total_deadline_) {
        return stop(ErrorCode::timeout,
                    "no complete answer within " + seconds(request_.total_timeout));
      }
      const auto stalls_at = std::max(transfer_.last_byte, taken_at_) + request_.stall_timeout;
      if (now >= stalls_at) {
        return stop(ErrorCode::timeout, "no byte came for " + seconds(request_.stall_timeout));
      }
      auto until = std::min(stalls_at, total_deadline_);
      if (cancel_.deadline) until = std::min(until, *cancel_.deadline);
      transfer_.changed.wait_until(lock, cancel_.stop, until,
                                   [this] { return !transfer_.buffer.empty() || transfer_.done; });
    }
    piece_.clear();
    piece_.swap(transfer_.buffer);
    if (reply_.status == 0 || transfer_.done) {
      reply_.status = transfer_.status;
      reply_.headers = transfer_.headers;
    }
    const bool was_paused = std::exchange(transfer_.paused, false);
    lock.unlock();
    if (was_paused) resume();
    return !piece_.empty();
  }

  // False when the caller has seen enough.
  Result<bool> take_piece() {
    received_ += piece_.size();
    if (received_ > request_.max_reply_bytes) {
      return stop(ErrorCode::protocol, "the answer is larger than " +
                                           std::to_string(request_.max_reply_bytes) + " bytes");
    }
    if (on_chunk_ && reply_.status >= 200 && reply_.status < 300) {
      const bool more = on_chunk_(piece_);
      taken_at_ = std::chrono::steady_clock::now();
      return more;
    }
    reply_.body += piece_;
    return true;
  }

  Result<HttpReply> finish() {
    const bool complete = transfer_.outcome == CURLE_OK;
    if (!complete) {
      Error error = curl_error(transfer_, transfer_.outcome, where_);
      error.partial_output = received_ > 0 && reply_.status < 300;
      error.http_status = reply_.status;
      return fail(std::move(error));
    }
    if (reply_.status >= 300 && reply_.status < 400) {
      const auto target = without_secrets(header(reply_, "location"));
      Error error = fail(ErrorCode::config,
                         "the address answers with a redirect (" + std::to_string(reply_.status) +
                             ")" + (target.empty() ? "" : " to " + target),
                         where_, "redirects are not followed: set base_url to the final address")
                        .value();
      error.http_status = reply_.status;
      return fail(std::move(error));
    }
    return std::move(reply_);
  }

  tl::unexpected<Error> stop(ErrorCode code, std::string what) const {
    Error error = fail(code, std::move(what), where_).value();
    error.http_status = reply_.status;
    error.partial_output = received_ > 0 && reply_.status >= 200 && reply_.status < 300;
    return fail(std::move(error));
  }

  static std::string seconds(std::chrono::milliseconds duration) {
    const auto ms = duration.count();
    return ms % 1'000 == 0 ? std::to_string(ms / 1'000) + " s" : std::to_string(ms) + " ms";
  }

  Transfer& transfer_;
  const HttpRequest& request_;
  const std::function<bool(std::string_view)>& on_chunk_;
  const Cancel& cancel_;
  const std::string where_;
  const SteadyTime total_deadline_;
  SteadyTime taken_at_{};  // a caller's own slowness is no stall
  HttpReply reply_;
  std::string piece_;
  std::size_t received_ = 0;
};

}  // namespace

Result<HttpReply> HttpCurl::send(const HttpRequest& request,
                                 const std::function<bool(std::string_view)>& on_chunk,
                                 const Cancel& cancel) {
  if (cancel.stopped())
    return fail(ErrorCode::cancelled, "cancelled", without_secrets(request.url));
  network_->start();
  const auto transfer = prepare(request);
  if (transfer == nullptr)
    return fail(ErrorCode::network, "curl could not start a transfer",
                without_secrets(request.url));
  network_->post(Network::Command::add, transfer);

  auto reply = Reader(*transfer, request, on_chunk, cancel).read([&] {
    network_->post(Network::Command::resume, transfer);
  });

  bool running = false;
  {
    const std::lock_guard lock(transfer->mutex);
    transfer->abandoned = true;
    running = !transfer->done;
  }
  if (running) network_->post(Network::Command::remove, transfer);
  return reply;
}

}  // namespace mixagent
