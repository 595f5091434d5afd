#include "support/child_process.h"
#include "support/loopback_server.h"
#include "support/temp_repo.h"
#include "system/http_curl.h"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <thread>

// Encryption, authorities and proxies, against servers of this machine: openssl makes the
// authority, node serves. Where one of them is not installed the tests say so.

namespace mixagent {

namespace {

// An environment variable for the time of a test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

bool have(const std::string& tool) {
  const bool found = std::system(("command -v " + tool + " > /dev/null 2>&1").c_str()) == 0;
  if (!found) MESSAGE("SKIPPED: " << tool << " is not installed");
  return found;
}

// An authority and a certificate for 127.0.0.1 and models.example.test.
void make_certificates(const std::filesystem::path& folder) {
  write_test_file(folder / "ext", "subjectAltName=DNS:models.example.test,IP:127.0.0.1\n");
  run_test_program(
      {"sh", "-c",
       "ec='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'; exec 2> /dev/null; "
       "openssl req -x509 $ec -keyout ca.key -out ca.pem -days 2 -subj /CN=authority "
       "-addext basicConstraints=critical,CA:TRUE && "
       "openssl req $ec -keyout server.key -out server.csr -subj /CN=server && "
       "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem "
       "-days 2 -extfile ext"},
      folder);
}

// Answers with the HTTP version it was asked in, once it has all of the request: a stream that the
// server ends before is broken off, and the client may see that first. Writes the headers of each
// request to a file.
constexpr const char* server_script = R"(
const fs = require('fs'), http2 = require('http2');
const server = http2.createSecureServer(
    {key: fs.readFileSync('server.key'), cert: fs.readFileSync('server.pem'), allowHTTP1: true},
    (request, response) => {
      fs.appendFileSync('seen', JSON.stringify(request.headers) + '\n');
      request.on('end', () => response.end('HTTP/' + request.httpVersion));
      request.resume();
    });
server.listen(0, '127.0.0.1', () => {
  fs.writeFileSync('port.new', String(server.address().port));
  fs.renameSync('port.new', 'port');
});
)";

class TlsServer {
 public:
  TlsServer() {
    make_certificates(folder_.path());
    write_test_file(folder_.path() / "server.js", server_script);
    child_ = std::make_unique<Child>(ChildSpec{
        {run_test_program({"sh", "-c", "printf %s \"$(command -v node)\""}, "/"), "server.js"},
        folder_.path(),
        {{"PATH", std::getenv("PATH")}},
        {},
        folder_.path() / "out",
        folder_.path() / "err"});
    const auto file = folder_.path() / "port";
    for (int i = 0; i < 1'500 && !std::filesystem::exists(file); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    std::ifstream(file) >> port_;
    REQUIRE_MESSAGE(port_ > 0, read_test_file(folder_.path() / "err"));
  }
  ~TlsServer() { child_->signal(SIGKILL); }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  int port() const { return port_; }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }
  std::string authority() const { return folder_.path() / "ca.pem"; }
  std::string seen() const { return read_test_file(folder_.path() / "seen"); }

 private:
  TempDir folder_;
  std::unique_ptr<Child> child_;
  int port_ = 0;
};

Result<HttpReply> ask(const std::string& url) {
  HttpCurl http;
  HttpRequest request;
  request.url = url;
  request.body = "{}";
  request.headers = {{"authorization", "Bearer sk-very-secret"}};
  request.connect_timeout = std::chrono::seconds(5);
  return http.send(request, nullptr, {});
}

}  // namespace

TEST_CASE(
    "TLS: HTTP/2 where it is offered, further authorities by SSL_CERT_FILE, no key to strangers") {
  if (!have("openssl") || !have("node")) return;
  const TlsServer server;
  {
    const auto refused = ask(server.url());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::config);
    CHECK(refused.error().hint.find("SSL_CERT_FILE") != std::string::npos);
  }
  const Variable authority("SSL_CERT_FILE", server.authority());
  {
    const auto other_name = ask("https://localhost:" + std::to_string(server.port()));
    REQUIRE_FALSE(other_name);
    CHECK(other_name.error().code == ErrorCode::config);
  }
  CHECK(server.seen() == "<missing>");  // nothing was sent before the names were right

  const auto good = ask(server.url());
  REQUIRE_MESSAGE(good, describe(good.error()));
  CHECK(good->body == "HTTP/2.0");
  CHECK(server.seen().find("Bearer sk-very-secret") != std::string::npos);
}

TEST_CASE("proxies: a tunnel by HTTPS_PROXY that sees no key, none where NO_PROXY says so") {
  if (!have("openssl") || !have("node")) return;
  const TlsServer server;
  std::mutex mutex;
  std::string asked;
  bool refuses = false;
  LoopbackServer proxy([&](const LoopbackServer::Connection& connection,
                           const std::string& request) {
    {
      const std::lock_guard lock(mutex);
      asked += request;
      if (refuses) {
        connection.send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        return;
      }
    }
    connection.send("HTTP/1.1 200 Connection established\r\n\r\n");
    connection.tunnel_to(server.port());
  });
  const auto seen_by_proxy = [&] {
    const std::lock_guard lock(mutex);
    return std::exchange(asked, {});
  };
  const Variable authority("SSL_CERT_FILE", server.authority());
  const Variable route("HTTPS_PROXY", proxy.url());
  const std::string address = "https://models.example.test/v1";

  const auto good = ask(address);
  REQUIRE_MESSAGE(good, describe(good.error()));
  CHECK(good->status == 200);
  CHECK(good->body == "HTTP/2.0");
  const auto tunnel = seen_by_proxy();
  CHECK(tunnel.rfind("CONNECT models.example.test:443 HTTP/1.1\r\n", 0) == 0);
  CHECK(tunnel.find("sk-very-secret") == std::string::npos);

  {
    const std::lock_guard lock(mutex);
    refuses = true;
  }
  const auto refused = ask(address);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::network);
  CHECK(refused.error().what.find("407") != std::string::npos);
  seen_by_proxy();

  // This machine is never behind a proxy, nor is what NO_PROXY names.
  CHECK(ask(server.url()));
  const Variable direct("NO_PROXY", "example.test");
  CHECK_FALSE(ask(address));
  CHECK(seen_by_proxy().empty());
}

}  // namespace mixagent
