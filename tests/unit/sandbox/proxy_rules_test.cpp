#include "sandbox/proxy_rules.h"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>

namespace mixagent {
namespace {

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\n" + fields + "\r\n";
}
std::string connect_to(const std::string& target, const std::string& fields = "") {
  return "CONNECT " + target + " HTTP/1.1\r\n" + fields + "\r\n";
}

TEST_CASE("requests that are understood") {
  struct Case {
    std::string head, host;
    int port;
    std::string sent;
  };
  const std::string close = "Connection: close\r\n\r\n";
  const Case cases[] = {
      {connect_to("Registry.NPMjs.org:443", "Host: registry.npmjs.org:443\r\n"),
       "registry.npmjs.org", 443, ""},
      {connect_to("a-1.example:8443"), "a-1.example", 8443, ""},
      {get("http://Example.org/a?b=1", "host: EXAMPLE.org\r\nAccept: */*\r\n"), "example.org", 80,
       "GET /a?b=1 HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n" + close},
      {get("http://example.org"), "example.org", 80,
       "GET / HTTP/1.1\r\nHost: example.org\r\n" + close},
      {get("http://example.org?x"), "example.org", 80,
       "GET /?x HTTP/1.1\r\nHost: example.org\r\n" + close},
      {get("http://example.org:8080/@x:y",
           "Proxy-Connection: keep-alive\r\nUpgrade: h2c\r\n"
           "Proxy-Authorization: Basic eA==\r\n"),
       "example.org", 8080, "GET /@x:y HTTP/1.1\r\nHost: example.org:8080\r\n" + close},
  };
  for (const Case& c : cases) {
    const auto request = parse_proxy_request(c.head);
    REQUIRE_MESSAGE(request.has_value(), c.head);
    CHECK(request->host == c.host);
    CHECK(request->port == c.port);
    CHECK(request->head == c.sent);
    CHECK(request->tunnel == c.sent.empty());
  }
  const auto post = parse_proxy_request(
      "POST http://example.org/ HTTP/1.0\r\nContent-Length: 12"
      "\r\n\r\n");
  REQUIRE(post);
  CHECK(post->body == 12);
  CHECK(post->head ==
        "POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 12\r\nConnection: close\r\n\r\n");
}

TEST_CASE("tricks are refused") {
  const std::string nul("GET http://example.org\0.evil.org/ HTTP/1.1\r\n\r\n", 46);
  const std::string cases[] = {
      "",
      "\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",                // not absolute
      "GET http://example.org/ HTTP/1.1\n\n",  // other line ends
      "GET http://example.org/ HTTP/1.1\r\nA: b\nHost: evil.org\r\n\r\n",
      "GET http://example.org/ HTTP/1.1\r\nA: b",  // cut
      "GET http://example.org/ HTTP/2.0\r\n\r\n",
      "GET http://example.org/ x HTTP/1.1\r\n\r\n",
      "get http://example.org/ HTTP/1.1\r\n\r\n",
      nul,
      get("HTTP://example.org/"),
      get("https://example.org/"),
      get("ftp://example.org/"),
      get("file:///etc/passwd"),
      get("http:///x"),
      get("http://"),
      get("http://user@example.org/"),
      get("http://user:pass@example.org/"),
      get("http://evil.org\\@example.org/"),
      get("http://evil.org#@example.org/"),
      get("http://example.org/#fragment"),
      get("http://example.org:/"),
      get("http://example.org:0/"),
      get("http://example.org:65536/"),
      get("http://example.org:080000/"),
      get("http://example.org:+80/"),
      get("http://example.org:80:80/"),
      get("http://example.org./"),
      get("http://.example.org/"),
      get("http://exa..mple.org/"),
      get("http://-a.org/"),
      get("http://a-.org/"),
      get("http://ex%61mple.org/"),
      get("http://ex_ample.org/"),
      get("http://ex\xc3\xa4mple.org/"),
      get("http://127.0.0.1/"),
      get("http://2130706433/"),
      get("http://0177.0.0.1/"),
      get("http://0x7f000001/"),
      get("http://0x7f.1/"),
      get("http://127.1/"),
      get("http://[::1]/"),
      get("http://[::ffff:127.0.0.1]/"),
      connect_to("example.org"),
      connect_to("example.org:"),
      connect_to("[::1]:443"),
      connect_to("169.254.169.254:80"),
      connect_to("user@example.org:443"),
      connect_to("http://example.org:443"),
      connect_to("example.org:443/"),
      connect_to("example.org:443", "Host: evil.org:443\r\n"),
      get("http://example.org/", "Host: evil.org\r\n"),
      get("http://example.org/", "Host: example.org:81\r\n"),
      get("http://example.org/", "Host: example.org\r\nHost: example.org\r\n"),
      get("http://example.org/", "Host: example.org\r\n folded\r\n"),
      get("http://example.org/", " Host: evil.org\r\n"),
      get("http://example.org/", "Host : example.org\r\n"),
      get("http://example.org/", ": x\r\n"),
      get("http://example.org/", "no colon\r\n"),
      get("http://example.org/", "Transfer-Encoding: chunked\r\n"),
      get("http://example.org/", "transfer-encoding: identity\r\n"),
      get("http://example.org/", "Content-Length: 1\r\nContent-Length: 2\r\n"),
      get("http://example.org/", "Content-Length: 1, 1\r\n"),
      get("http://example.org/", "Content-Length: -1\r\n"),
      get("http://example.org/", "Content-Length: +1\r\n"),
      get("http://example.org/", "Content-Length: 0x10\r\n"),
      get("http://example.org/", "Content-Length: 99999999999\r\n"),
      get("http://example.org/", "A: b\rHost: evil.org\r\n"),
  };
  for (const std::string& head : cases) CHECK_MESSAGE(!parse_proxy_request(head), head);
}

TEST_CASE("only what is listed, at its port") {
  const auto list = parse_allowed_hosts({"Example.org", "other.example:8443"});
  REQUIRE(list);
  struct Case {
    std::string head;
    bool allowed;
  };
  const Case cases[] = {
      {connect_to("example.org:443"), true},       {connect_to("EXAMPLE.ORG:443"), true},
      {connect_to("example.org:22"), false},       {connect_to("example.org:80"), false},
      {get("http://example.org/"), true},          {get("http://example.org:443/"), false},
      {get("http://example.org:8080/"), false},    {connect_to("other.example:8443"), true},
      {connect_to("other.example:443"), false},    {get("http://other.example:8443/"), true},
      {connect_to("www.example.org:443"), false},  {connect_to("aexample.org:443"), false},
      {connect_to("example.org.evil:443"), false}, {connect_to("org:443"), false},
  };
  for (const Case& c : cases) {
    const auto request = parse_proxy_request(c.head);
    REQUIRE_MESSAGE(request.has_value(), c.head);
    CHECK_MESSAGE(is_allowed(*list, *request) == c.allowed, c.head);
    CHECK_FALSE(is_allowed({}, *request));
  }
  for (const char* bad : {"", "*", "*.example.org", "https://example.org", "10.0.0.1", "::1", "a b",
                          "example.org/", "example.org:", "example.org:99999", ".org"})
    CHECK_MESSAGE(!parse_allowed_hosts({bad}), bad);
}

TEST_CASE("addresses that are not the public internet") {
  auto is_public = [](const char* text) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
      return is_public_address(reinterpret_cast<const sockaddr&>(four));
    REQUIRE(inet_pton(AF_INET6, text, &six.sin6_addr) == 1);
    return is_public_address(reinterpret_cast<const sockaddr&>(six));
  };
  for (const char* open : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
                           "172.15.0.1", "172.32.0.1", "192.169.0.1", "223.255.255.255",
                           "2606:4700::1111", "2001:4860:4860::8888", "2a00:1450::1"})
    CHECK_MESSAGE(is_public(open), open);
  for (const char* closed : {"0.0.0.0",
                             "10.1.2.3",
                             "100.64.0.1",
                             "100.100.100.200",
                             "127.0.0.1",
                             "127.255.255.255",
                             "168.63.129.16",
                             "169.254.169.254",
                             "172.16.0.1",
                             "172.31.255.255",
                             "192.0.0.192",
                             "192.168.1.1",
                             "198.18.0.1",
                             "198.19.255.255",
                             "224.0.0.1",
                             "240.0.0.1",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "::ffff:127.0.0.1",
                             "::ffff:8.8.8.8",
                             "64:ff9b::7f00:1",
                             "fc00::1",
                             "fd00:ec2::254",
                             "fe80::1",
                             "ff02::1",
                             "2002:7f00:1::",
                             "2001:0:1::1",
                             "2001:db8::1"})
    CHECK_MESSAGE(!is_public(closed), closed);
}

}  // namespace
}  // namespace mixagent
