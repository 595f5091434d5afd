#include "support/loopback_server.h"

#include "mixagent/error.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mixagent {

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

bool LoopbackServer::Connection::send(std::string_view bytes) const {
  return send_all(fd_, bytes);
}

void LoopbackServer::Connection::wait_for_close() const {
  pollfd wait{fd_, POLLIN, 0};
  char byte = 0;
  while (poll(&wait, 1, 5'000) > 0 && recv(fd_, &byte, 1, 0) > 0) {
  }
}

std::string LoopbackServer::Connection::read_request() const {
  std::string text;
  char block[4096];
  while (true) {
    const auto head = text.find("\r\n\r\n");
    if (head != std::string::npos) {
      const auto at = text.find("Content-Length: ");
      const auto length = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
      if (text.size() >= head + 4 + length) return text;
    }
    const auto count = recv(fd_, block, sizeof block, 0);
    if (count <= 0) return text;
    text.append(block, static_cast<std::size_t>(count));
  }
}

void LoopbackServer::Connection::tunnel_to(int port) const {
  const int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  std::array<char, 16'384> block{};
  const auto pass = [&](int from, int to) {
    const auto count = recv(from, block.data(), block.size(), 0);
    return count > 0 && send_all(to, {block.data(), static_cast<std::size_t>(count)});
  };
  if (connect(other, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    std::array<pollfd, 2> ends = {{{fd_, POLLIN, 0}, {other, POLLIN, 0}}};
    bool open = true;
    while (open && poll(ends.data(), ends.size(), 5'000) > 0) {
      if (ends[0].revents != 0) open = pass(fd_, other);
      if (open && ends[1].revents != 0) open = pass(other, fd_);
    }
  }
  close(other);
}

LoopbackServer::LoopbackServer(Behaviour behaviour) : behaviour_(std::move(behaviour)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  MIX_CHECK(bind(listener_, raw, size) == 0, "a port of loopback");
  MIX_CHECK(listen(listener_, 512) == 0, "listening on loopback");
  MIX_CHECK(getsockname(listener_, raw, &size) == 0, "the port that was given");
  url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  thread_ = std::thread([this] { serve(); });
}

LoopbackServer::~LoopbackServer() {
  stopping_ = true;
  thread_.join();
  for (auto& worker : workers_) worker.join();
  close(listener_);
}

void LoopbackServer::serve() {
  while (!stopping_) {
    pollfd wait{listener_, POLLIN, 0};
    if (poll(&wait, 1, 20) <= 0) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    workers_.emplace_back([this, fd] {
      const Connection connection(fd);
      behaviour_(connection, connection.read_request());
      close(fd);
    });
  }
}

}  // namespace mixagent
