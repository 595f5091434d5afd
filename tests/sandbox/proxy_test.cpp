// The way out through the filtering proxy, from a real command to a server on loopback.

#include "sandbox/launch.h"
#include "system/files.h"
#include "system/process_posix.h"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

// Answers every connection with the first line that it said.
class Origin {
 public:
  Origin() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    socklen_t size = sizeof address;
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    listen(fd_.get(), 5);
    port_ = std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~Origin() {
    shutdown(fd_.get(), SHUT_RDWR);
    thread_.join();
  }
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;
  const std::string& port() const { return port_; }

 private:
  void serve() const {
    while (true) {
      const Fd client(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      std::string said;
      char byte = 0;
      while (said.find("\r\n\r\n") == std::string::npos && read(client.get(), &byte, 1) == 1)
        said += byte;
      const std::string answer =
          "HTTP/1.1 200 OK\r\n\r\nORIGIN " + said.substr(0, said.find('\r')) + "\n";
      (void)write_all(client.get(), answer, "client");
    }
  }

  Fd fd_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::string port_;
  std::thread thread_;
};

class Site {
 public:
  explicit Site(std::vector<std::string> allow_hosts, bool only_public = false) {
    std::string path = (fs::temp_directory_path() / "mixagent-proxy-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    root_ = fs::canonical(path);
    fs::permissions(root_, fs::perms(0755));
    for (const char* folder : {"home", "repo", "workspace", "cache", "work"})
      fs::create_directories(root_ / folder);
    SandboxOptions options;
    options.config.allow_hosts = std::move(allow_hosts);
    options.home = root_ / "home";
    options.repository = root_ / "repo";
    options.cache = root_ / "cache";
    options.work = root_ / "work";
    options.environment = process_environment();
    options.only_public = only_public;
    auto made = make_sandbox(options, processes_);
    if (!made) {
      std::printf("SKIPPED: %s\n", describe(made.error()).c_str());
      return;
    }
    sandbox_ = *std::move(made);
    if (const auto uid = sandbox_->uid())
      REQUIRE(chown((root_ / "workspace").c_str(), *uid, *uid) == 0);
  }
  ~Site() { (void)remove_tree(root_); }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  explicit operator bool() const { return sandbox_ != nullptr; }
  std::string run(const std::string& script, bool online = true) {
    SandboxCommand command;
    command.command = script;
    command.workspace = root_ / "workspace";
    command.mounted_at = root_ / "repo";
    command.online = online;
    const auto result = sandbox_->run(command, {});
    REQUIRE_MESSAGE(result.has_value(), (result ? "" : describe(result.error())));
    return result->output;
  }

 private:
  fs::path root_;
  ProcessesPosix processes_;
  std::unique_ptr<Sandbox> sandbox_;
};

// Says `request` to the proxy's port and prints what comes back.
std::string ask(const std::string& request) {
  return "exec 3<>/dev/tcp/127.0.0.1/3128 || exit; printf '" + request + "' >&3; cat <&3; ";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a listed host is reached, nothing else is") {
  const Origin origin;
  const std::string here = "localhost:" + origin.port();
  Site site({here, "nowhere.invalid"});
  if (!site) return;
  CHECK(contains(site.run(ask("GET http://" + here + "/a HTTP/1.1\\r\\n\\r\\n")),
                 "ORIGIN GET /a HTTP/1.1\n"));
  CHECK(contains(
      site.run(ask("CONNECT " + here + " HTTP/1.1\\r\\n\\r\\nGET /b HTTP/1.0\\r\\n\\r\\n")),
      "200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\nORIGIN GET /b HTTP/1.0\n"));
  // A server outside answers only through the proxy.
  CHECK_FALSE(
      contains(site.run("exec 3<>/dev/tcp/127.0.0.1/" + origin.port() + "; cat <&3"), "ORIGIN"));

  const std::string other = site.run(ask("CONNECT example.org:443 HTTP/1.1\\r\\n\\r\\n"));
  CHECK(contains(other, "HTTP/1.1 403 Forbidden\r\n"));
  CHECK(contains(other, "\n[network: example.org:443: not in sandbox.allow_hosts]\n"));
  CHECK(contains(site.run(ask("GET http://localhost/ HTTP/1.1\\r\\n\\r\\n")), "403 Forbidden"));
  CHECK(contains(site.run(ask("GET http://169.254.169.254/ HTTP/1.1\\r\\n\\r\\n")),
                 "400 Bad Request"));
  CHECK(contains(site.run(ask("GET http://nowhere.invalid/ HTTP/1.1\\r\\n\\r\\n")),
                 "502 Bad Gateway"));
}

TEST_CASE("a listed name that leads to this machine is refused") {
  const Origin origin;
  Site site({"localhost:" + origin.port()}, true);
  if (!site) return;
  const std::string said =
      site.run(ask("GET http://localhost:" + origin.port() + "/ HTTP/1.1\\r\\n\\r\\n"));
  CHECK(contains(said, "403 Forbidden"));
  CHECK_FALSE(contains(said, "ORIGIN"));
}

TEST_CASE("only commands online have it") {
  const Origin origin;
  const std::string request =
      ask("GET http://localhost:" + origin.port() + "/ HTTP/1.1\\r\\n\\r\\n");
  Site site({"localhost:" + origin.port()});
  if (!site) return;
  CHECK_FALSE(contains(site.run(request, false), "ORIGIN"));
  CHECK(contains(site.run("ls /run/mixagent; env | grep -i _proxy=; echo END", false),
                 "init\npasswd\nresolv.conf\nEND\n"));
  CHECK(contains(site.run("env | grep -i _proxy="), "HTTPS_PROXY=http://127.0.0.1:3128\n"));

  Site closed({});
  if (!closed) return;
  CHECK_FALSE(contains(closed.run(request), "ORIGIN"));
  CHECK_FALSE(contains(closed.run("env"), "PROXY"));
}

TEST_CASE("what was downloaded stays for later commands, read-only") {
  Site site({"localhost"});
  if (!site) return;
  site.run("echo package > ~/.cargo/registry/p; echo lost > ~/other");
  CHECK(site.run("cat ~/.cargo/registry/p; cat ~/other; rm ~/.cargo/registry/p; echo x > "
                 "~/.cargo/registry/q; ls ~/.cargo/registry",
                 false)
            .substr(0, 8) == "package\n");
  CHECK(site.run("ls ~/.cargo/registry", false) == "p\n");
}

}  // namespace
}  // namespace mixagent
