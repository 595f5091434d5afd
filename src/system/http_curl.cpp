#include "system/http_curl.h"

#include "system/http_inbox.h"
#include "version.h"

#include <curl/curl.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <signal.h>
#include <sys/socket.h>
#include <thread>

namespace mixagent {

namespace {

struct EasyDelete {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct HeaderListDelete {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// One exchange, shared by its caller and the network thread.
struct Transfer {
  std::unique_ptr<CURL, EasyDelete> easy;
  std::unique_ptr<curl_slist, HeaderListDelete> header_list;
  std::string body;
  std::string where;
  char error_text[CURL_ERROR_SIZE] = {};
  HttpInbox inbox;
};

extern "C" {

size_t mixagent_on_header(char* data, size_t size, size_t count, void* user) {
  static_cast<Transfer*>(user)->inbox.put_header({data, size * count});
  return size * count;
}

size_t mixagent_on_body(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  long status = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  switch (transfer.inbox.put({data, size * count}, static_cast<int>(status))) {
    case HttpInbox::Put::taken:
      return size * count;
    case HttpInbox::Put::full:
      return CURL_WRITEFUNC_PAUSE;
    case HttpInbox::Put::abandoned:
      return 0;
  }
  return 0;
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
  transfer->where = url_without_secrets(request.url);

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
  // Rather share an HTTP/2 connection than open another. Without TLS there is none to wait for, and
  // curl would wait for the first answer to find that out.
  const bool may_share = request.url.starts_with("https://") && !request.new_connection;
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, may_share ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request.new_connection ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  // Packing holds streams up, so it is not asked for; what comes packed all the same is unpacked.
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "identity");
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

Error curl_error(const Transfer& transfer, CURLcode code) {
  const std::string what =
      transfer.error_text[0] != '\0' ? transfer.error_text : curl_easy_strerror(code);
  const auto made = [&](ErrorCode kind, std::string hint = {}) {
    return fail(kind, what, transfer.where, std::move(hint)).value();
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
      std::optional<Error> error;
      if (outcome != CURLE_OK) error = curl_error(*transfer, outcome);
      transfer->inbox.close(static_cast<int>(status), std::move(error));
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

HttpCurl::HttpCurl() : network_(std::make_unique<Network>()) {}
HttpCurl::~HttpCurl() = default;

Result<HttpReply> HttpCurl::send(const HttpRequest& request,
                                 const std::function<bool(std::string_view)>& on_chunk,
                                 const Cancel& cancel) {
  if (cancel.stopped()) {
    return fail(ErrorCode::cancelled, "cancelled", url_without_secrets(request.url));
  }
  network_->start();
  const auto transfer = prepare(request);
  if (transfer == nullptr) {
    return fail(ErrorCode::network, "curl could not start a transfer",
                url_without_secrets(request.url));
  }
  network_->post(Network::Command::add, transfer);
  auto reply = read_reply(transfer->inbox, request, on_chunk, cancel,
                          [&] { network_->post(Network::Command::resume, transfer); });
  if (transfer->inbox.abandon()) network_->post(Network::Command::remove, transfer);
  return reply;
}

}  // namespace mixagent
