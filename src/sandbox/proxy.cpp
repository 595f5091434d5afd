#include "sandbox/proxy.h"

#include "base/text.h"
#include "system/files.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <list>
#include <mutex>
#include <netdb.h>
#include <poll.h>
#include <set>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace mixagent {
namespace {

constexpr int head_ms = 30'000, connect_ms = 30'000, idle_ms = 300'000;
constexpr std::size_t most_head = 16 << 10, most_connections = 64, most_refused = 20;
constexpr std::uint64_t endless = UINT64_MAX;

// True when `fd` is ready for `events`; false at the timeout, at the end of the proxy, on errors.
bool ready(int fd, short events, int timeout_ms, int stop) {
  std::array<pollfd, 2> fds = {{{fd, events, 0}, {stop, POLLIN, 0}}};
  int got = 0;
  do got = poll(fds.data(), fds.size(), timeout_ms);
  while (got < 0 && errno == EINTR);
  return got > 0 && fds[1].revents == 0;
}

bool send_all(int fd, std::string_view bytes, int stop) {
  while (!bytes.empty()) {
    if (!ready(fd, POLLOUT, idle_ms, stop)) return false;
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// The request up to its empty line, and what came with it.
bool read_head(int fd, std::string& head, std::string& rest, int stop) {
  std::array<char, 4096> buffer{};
  while (head.size() < most_head) {
    if (!ready(fd, POLLIN, head_ms, stop)) return false;
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    head.append(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t end = head.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    rest = head.substr(end + 4);
    head.resize(end + 4);
    return true;
  }
  return false;
}

// One direction of an exchange: at most `left` bytes from `from`, one buffer at a time.
struct Stream {
  int from, to;
  std::uint64_t left;
  std::string waiting;
  bool ended = false;

  short wanted_in() const { return waiting.empty() && !ended && left > 0 ? POLLIN : 0; }
  short wanted_out() const { return waiting.empty() ? 0 : POLLOUT; }

  bool read_some() {
    std::array<char, 65'536> buffer;
    const std::size_t most = std::min<std::uint64_t>(buffer.size(), left);
    const ssize_t got = recv(from, buffer.data(), most, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    waiting.assign(buffer.data(), static_cast<std::size_t>(got));
    if (left != endless) left -= static_cast<std::uint64_t>(got);
    if (got == 0) end();
    return true;
  }
  bool write_some() {
    const ssize_t sent = send(to, waiting.data(), waiting.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    waiting.erase(0, static_cast<std::size_t>(sent));
    return true;
  }
  void end() {
    ended = true;
    shutdown(to, SHUT_WR);
  }
};

void relay(Stream up, Stream down, int stop) {
  while (!(up.ended && down.ended)) {
    std::array<pollfd, 3> fds = {
        {{up.from, static_cast<short>(up.wanted_in() | down.wanted_out()), 0},
         {down.from, static_cast<short>(down.wanted_in() | up.wanted_out()), 0},
         {stop, POLLIN, 0}}};
    const int got = poll(fds.data(), fds.size(), idle_ms);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || fds[2].revents != 0) return;
    const bool bad = ((fds[0].revents | fds[1].revents) & (POLLERR | POLLNVAL)) != 0;
    auto can = [](const pollfd& fd, short what) { return (fd.revents & (what | POLLHUP)) != 0; };
    bool good = !bad;
    if (good && up.wanted_out() != 0 && can(fds[1], POLLOUT)) good = up.write_some();
    if (good && down.wanted_out() != 0 && can(fds[0], POLLOUT)) good = down.write_some();
    if (good && up.wanted_in() != 0 && can(fds[0], POLLIN)) good = up.read_some();
    if (good && down.wanted_in() != 0 && can(fds[1], POLLIN)) good = down.read_some();
    if (!good) return;
    // The origin has answered in full: what the client might still say is for nobody.
    if (down.ended && down.waiting.empty() && up.left != endless) return;
    if (fds[0].revents == POLLHUP && up.wanted_in() == 0 && down.waiting.empty()) return;
  }
}

struct Addresses {
  addrinfo* first = nullptr;
  Addresses() = default;
  ~Addresses() {
    if (first != nullptr) freeaddrinfo(first);
  }
  Addresses(const Addresses&) = delete;
  Addresses& operator=(const Addresses&) = delete;
};

// Dials exactly what was checked. A name with one address that is not public has none.
Result<Fd> dial(const ProxyRequest& request, bool only_public, int stop) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  Addresses found;
  if (getaddrinfo(request.host.c_str(), std::to_string(request.port).c_str(), &hints,
                  &found.first) != 0)
    return fail(ErrorCode::network, "the name cannot be resolved", request.host);
  for (const addrinfo* at = found.first; only_public && at != nullptr; at = at->ai_next)
    if (!is_public_address(*at->ai_addr))
      return fail(ErrorCode::denied, "the name leads to an address that is not public",
                  request.host);
  for (const addrinfo* at = found.first; at != nullptr; at = at->ai_next) {
    Fd fd(::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) continue;
    if (connect(fd.get(), at->ai_addr, at->ai_addrlen) != 0 && errno != EINPROGRESS) continue;
    int error = 0;
    socklen_t size = sizeof error;
    if (ready(fd.get(), POLLOUT, connect_ms, stop) &&
        getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
      return fd;
  }
  return fail(ErrorCode::network, "no connection", request.host);
}

}  // namespace

struct FilteringProxy::Body {
  ProxyOptions options;
  std::filesystem::path folder;
  Fd listener, stop;
  std::thread acceptor;
  mutable std::mutex mutex;  // below
  std::set<std::string> refused;

  struct Connection {
    std::thread thread;
    std::atomic<bool> done = false;
  };

  void note(const std::string& what) {
    const std::lock_guard lock(mutex);
    if (refused.size() < most_refused) refused.insert(what);
  }

  void answer(int client, const char* status, const std::string& why) const {
    const std::string text = "mixagent: " + why + "\n";
    send_all(client,
             std::string("HTTP/1.1 ") + status +
                 "\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: " +
                 std::to_string(text.size()) + "\r\n\r\n" + text,
             stop.get());
  }

  void serve(int client) {
    std::string head, rest;
    if (!read_head(client, head, rest, stop.get())) return;
    const auto request = parse_proxy_request(head);
    if (!request) {
      note(request.error().what);
      return answer(client, "400 Bad Request", request.error().what);
    }
    const std::string where = request->host + ":" + std::to_string(request->port);
    if (!is_allowed(options.allowed, *request)) {
      note(where + ": not in sandbox.allow_hosts");
      return answer(client, "403 Forbidden", where + " is not in sandbox.allow_hosts");
    }
    const auto origin = dial(*request, options.only_public, stop.get());
    if (!origin) {
      const bool denied = origin.error().code == ErrorCode::denied;
      note(where + ": " + origin.error().what);
      return answer(client, denied ? "403 Forbidden" : "502 Bad Gateway", origin.error().what);
    }
    if (request->tunnel) {
      if (!send_all(client, "HTTP/1.1 200 OK\r\n\r\n", stop.get())) return;
    } else if (!send_all(origin->get(), request->head, stop.get())) {
      return;
    }
    Stream up{client, origin->get(), request->tunnel ? endless : request->body, {}};
    up.waiting = rest.substr(0, std::min<std::uint64_t>(rest.size(), up.left));
    if (!request->tunnel) up.left -= up.waiting.size();
    relay(std::move(up), {origin->get(), client, endless, {}}, stop.get());
  }

  void accept_all() {
    std::list<Connection> open;
    while (ready(listener.get(), POLLIN, -1, stop.get())) {
      for (auto at = open.begin(); at != open.end();) {
        auto next = std::next(at);
        if (at->done) {
          at->thread.join();
          open.erase(at);
        }
        at = next;
      }
      Fd client(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!client || open.size() >= most_connections) continue;  // the client sees it closed
      Connection& connection = open.emplace_back();
      connection.thread = std::thread([this, &connection, fd = std::move(client)]() mutable {
        serve(fd.get());
        fd.reset();
        connection.done = true;
      });
    }
    for (Connection& connection : open) connection.thread.join();
  }
};

FilteringProxy::FilteringProxy(std::unique_ptr<Body> body) : body_(std::move(body)) {
  body_->acceptor = std::thread([this] { body_->accept_all(); });
}

FilteringProxy::~FilteringProxy() {
  eventfd_write(body_->stop.get(), 1);
  body_->acceptor.join();
  (void)remove_tree(body_->folder);
}

std::filesystem::path FilteringProxy::socket() const {
  return body_->folder / "socket";
}

std::vector<std::string> FilteringProxy::refused() const {
  const std::lock_guard lock(body_->mutex);
  return {body_->refused.begin(), body_->refused.end()};
}

Result<std::unique_ptr<FilteringProxy>> FilteringProxy::open(ProxyOptions options,
                                                             const std::filesystem::path& folder) {
  auto body = std::make_unique<Body>();
  body->options = std::move(options);
  body->folder = folder;
  MIX_OK(remove_tree(folder));  // of a killed process: its socket would be in the way
  MIX_OK(make_directories(folder));
  body->stop = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  body->listener = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // Sockets take short paths only; the folder is named by its descriptor.
  const std::string path = folder / "socket";
  const Fd place(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::string name = "/proc/self/fd/" + std::to_string(place.get()) + "/socket";
  name.copy(address.sun_path, sizeof address.sun_path - 1);
  if (!body->listener || !body->stop ||
      bind(body->listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
          0 ||
      chmod(path.c_str(), 0666) != 0 || listen(body->listener.get(), 64) != 0)
    return fail(io_error(errno, "the proxy's socket", path));
  return std::unique_ptr<FilteringProxy>(new FilteringProxy(std::move(body)));
}

}  // namespace mixagent
