#include "system/http_curl.h"

#include "support/loopback_server.h"

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <thread>

// Against a server of sockets on loopback that does what servers should not do.

namespace mixagent {

namespace {

using Connection = LoopbackServer::Connection;

HttpRequest post_to(const std::string& url) {
  HttpRequest request;
  request.url = url;
  request.body = "{\"q\":1}";
  request.headers = {{"content-type", "application/json"},
                     {"authorization", "Bearer sk-very-secret"}};
  return request;
}

struct Sent {
  Result<HttpReply> reply;
  std::string chunks;
};

Sent send(HttpCurl& http, const HttpRequest& request, const Cancel& cancel = {}) {
  Sent sent{fail(ErrorCode::internal, "not sent"), {}};
  sent.reply = http.send(
      request,
      [&sent](std::string_view bytes) {
        sent.chunks += bytes;
        return true;
      },
      cancel);
  return sent;
}

std::string code_of(const Sent& sent) {
  return sent.reply ? "ok" : to_string(sent.reply.error().code);
}

constexpr const char* chunked =
    "HTTP/1.1 200 OK\r\nX-Name: Value\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("a request arrives as it is and its answer comes in pieces, in order") {
  std::string seen;
  std::mutex mutex;
  LoopbackServer server([&](const Connection& connection, const std::string& request) {
    const std::lock_guard lock(mutex);
    seen = request;
    connection.send(chunked);
    connection.send("5\r\nhello\r\n");
    connection.send("6\r\n world\r\n0\r\n\r\n");
  });
  HttpCurl http;
  const auto sent = send(http, post_to(server.url() + "/v1/chat"));
  REQUIRE(sent.reply);
  CHECK(sent.reply->status == 200);
  CHECK(sent.reply->headers.front() == std::pair<std::string, std::string>("x-name", "Value"));
  CHECK(sent.chunks == "hello world");
  CHECK(sent.reply->body.empty());
  const std::lock_guard lock(mutex);
  CHECK(seen.rfind("POST /v1/chat HTTP/1.1\r\n", 0) == 0);
  CHECK(seen.find("authorization: Bearer sk-very-secret\r\n") != std::string::npos);
  CHECK(seen.find("Expect:") == std::string::npos);
  CHECK(seen.substr(seen.size() - 7) == "{\"q\":1}");
}

TEST_CASE("bodies of error answers, and those without a callback, come with the reply") {
  LoopbackServer server([](const Connection& connection, const std::string& request) {
    const bool good = request.find("/good") != std::string::npos;
    connection.send(std::string(good ? "HTTP/1.1 200 OK" : "HTTP/1.1 429 Slow") +
                    "\r\nContent-Length: 4\r\n\r\nbody");
  });
  HttpCurl http;
  const auto sent = send(http, post_to(server.url()));
  REQUIRE(sent.reply);
  CHECK(sent.reply->status == 429);
  CHECK(sent.reply->body == "body");
  CHECK(sent.chunks.empty());
  const auto quiet = http.send(post_to(server.url() + "/good"), nullptr, {});
  REQUIRE(quiet);
  CHECK(quiet->body == "body");
}

TEST_CASE("a redirect is an error that names its target and no secret") {
  LoopbackServer server([](const Connection& connection, const std::string&) {
    connection.send(
        "HTTP/1.1 301 Moved\r\nLocation: https://new.example/v1?key=hidden\r\nContent-Length: "
        "0\r\n\r\n");
  });
  HttpCurl http;
  const auto sent = send(http, post_to(server.url() + "/v1?key=hidden"));
  REQUIRE_FALSE(sent.reply);
  const auto shown = describe(sent.reply.error());
  CHECK(shown.find("https://new.example/v1") != std::string::npos);
  CHECK(shown.find("hidden") == std::string::npos);
  CHECK(shown.find("sk-very-secret") == std::string::npos);
}

TEST_CASE("servers that stall, break off or say too much") {
  struct Case {
    const char* name;
    LoopbackServer::Behaviour behaviour;
    const char* code;
    bool partial;
  };
  const std::vector<Case> cases = {
      {"silence before the first byte",
       [](const Connection& connection, const std::string&) { connection.wait_for_close(); },
       "timeout", false},
      {"headers in drips",
       [](const Connection& connection, const std::string&) {
         connection.send("HTTP/1.1 200 OK\r\nX-Never: ");
         while (connection.send("x")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
       },
       "timeout", false},
      {"silence in the middle",
       [](const Connection& connection, const std::string&) {
         connection.send(chunked);
         connection.send("5\r\nhello\r\n");
         connection.wait_for_close();
       },
       "timeout", true},
      {"cut in the middle",
       [](const Connection& connection, const std::string&) {
         connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
       },
       "network", true},
      {"closed without a word", [](const Connection&, const std::string&) {}, "network", false},
      {"too much",
       [](const Connection& connection, const std::string&) {
         connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
         connection.send(std::string(100'000, 'x'));
       },
       "protocol", true},
  };
  for (const auto& test : cases) {
    CAPTURE(test.name);
    LoopbackServer server(test.behaviour);
    HttpCurl http;
    auto request = post_to(server.url());
    request.stall_timeout = std::chrono::milliseconds(300);
    request.max_reply_bytes = 50'000;
    const auto sent = send(http, request);
    CHECK(code_of(sent) == test.code);
    if (!sent.reply) CHECK(sent.reply.error().partial_output == test.partial);
  }
}

TEST_CASE("an answer that never ends meets the total timeout") {
  LoopbackServer server([](const Connection& connection, const std::string&) {
    connection.send(chunked);
    while (connection.send("1\r\nx\r\n"))
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  HttpCurl http;
  auto request = post_to(server.url());
  request.total_timeout = std::chrono::milliseconds(300);
  CHECK(code_of(send(http, request)) == "timeout");
}

TEST_CASE("nobody there is a network error that names the address only") {
  HttpCurl http;
  const auto sent = send(http, post_to("http://user:pass@127.0.0.1:1/v1?key=hidden"));
  REQUIRE_FALSE(sent.reply);
  CHECK(sent.reply.error().code == ErrorCode::network);
  CHECK(sent.reply.error().where == "http://127.0.0.1:1/v1");
  CHECK(code_of(send(http, post_to("nonsense://x"))) == "config");
}

TEST_CASE("a waiting call ends when it is cancelled or its deadline passes") {
  LoopbackServer server(
      [](const Connection& connection, const std::string&) { connection.wait_for_close(); });
  HttpCurl http;
  std::stop_source stop;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  CHECK(code_of(send(http, post_to(server.url()), {stop.get_token(), {}})) == "cancelled");
  stopper.join();
  CHECK(code_of(send(http, post_to(server.url()), {stop.get_token(), {}})) == "cancelled");
  Cancel deadline;
  deadline.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
  CHECK(code_of(send(http, post_to(server.url()), deadline)) == "timeout");
}

TEST_CASE("a caller that has seen enough gets the reply so far") {
  LoopbackServer server([](const Connection& connection, const std::string&) {
    connection.send(chunked);
    connection.send("5\r\nhello\r\n");
    connection.wait_for_close();
  });
  HttpCurl http;
  const auto reply = http.send(post_to(server.url()), [](std::string_view) { return false; }, {});
  REQUIRE(reply);
  CHECK(reply->status == 200);
}

TEST_CASE("a slow caller pauses the transfer and loses nothing") {
  constexpr std::size_t blocks = 512, block_size = 16u << 10;
  LoopbackServer server([](const Connection& connection, const std::string&) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(blocks * block_size) +
                    "\r\n\r\n");
    for (std::size_t i = 0; i < blocks; ++i) {
      if (!connection.send(std::string(block_size, static_cast<char>('a' + i % 26)))) return;
    }
  });
  HttpCurl http;
  std::size_t received = 0, largest = 0;
  bool in_order = true;
  const auto reply = http.send(
      post_to(server.url()),
      [&](std::string_view bytes) {
        largest = std::max(largest, bytes.size());
        for (const char byte : bytes)
          in_order = in_order && byte == static_cast<char>('a' + received++ / block_size % 26);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        return true;
      },
      {});
  REQUIRE(reply);
  CHECK(received == blocks * block_size);
  CHECK(in_order);
  CHECK(largest <= (256u << 10) + (64u << 10));  // the buffer is bounded
}

TEST_CASE("a call does not wait for the first answer to another one") {
  std::atomic<int> open{0};
  std::atomic<bool> both{false};
  LoopbackServer server([&](const Connection& connection, const std::string&) {
    ++open;
    for (int i = 0; i < 400 && open < 2; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    both = both || open == 2;
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  HttpCurl http;
  std::thread other([&] { CHECK(send(http, post_to(server.url())).reply); });
  CHECK(send(http, post_to(server.url())).reply);
  other.join();
  CHECK(both);
}

TEST_CASE("many callers share one network thread") {
  LoopbackServer server([](const Connection& connection, const std::string& request) {
    const auto body = request.substr(request.find("\r\n\r\n") + 4);
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\nConnection: close\r\n\r\n" + body);
  });
  HttpCurl http;
  std::atomic<int> good{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 40; ++i) {
    callers.emplace_back([&, i] {
      auto request = post_to(server.url());
      request.body = "caller " + std::to_string(i);
      const auto sent = send(http, request);
      if (sent.reply && sent.chunks == request.body) ++good;
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(good == 40);
}

TEST_CASE("this machine is told from names that look like it") {
  for (const char* url : {"http://localhost/v1", "http://localhost:11434",
                          "http://127.0.0.1:8080/x", "http://[::1]:8080/"}) {
    CAPTURE(url);
    CHECK(is_loopback_url(url));
  }
  for (const char* url : {"http://localhost.example/", "http://127.0.0.1.example/",
                          "http://127.0.0.1@example/", "localhost", "http://example/?localhost"}) {
    CAPTURE(url);
    CHECK_FALSE(is_loopback_url(url));
  }
}

}  // namespace mixagent
