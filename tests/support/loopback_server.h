#pragma once
// A server of bare sockets on loopback: a test says byte by byte what it answers, so it can do what
// servers should not do. One thread a connection, one request a connection.

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace mixagent {

class LoopbackServer {
 public:
  class Connection {
   public:
    explicit Connection(int fd) : fd_(fd) {}
    // False when the other side has gone.
    bool send(std::string_view bytes) const;
    // Until the other side closes, at most a few seconds.
    void wait_for_close() const;
    std::string read_request() const;
    // Bytes between this and another server of this machine, both ways, until one closes.
    void tunnel_to(int port) const;

   private:
    int fd_;
  };
  using Behaviour = std::function<void(const Connection&, const std::string& request)>;

  explicit LoopbackServer(Behaviour behaviour);
  // Waits for all connections to end.
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  const std::string& url() const { return url_; }  // "http://127.0.0.1:PORT"

 private:
  void serve();

  Behaviour behaviour_;
  int listener_ = -1;
  std::string url_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
  std::vector<std::thread> workers_;
};

}  // namespace mixagent
