#include "sandbox/proxy_rules.h"

#include "base/text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <netinet/in.h>
#include <optional>

namespace mixagent {
namespace {

constexpr std::uint64_t most_body = std::uint64_t{64} << 20;

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Labels of letters, digits and inner hyphens; the last one begins with a letter, which no spelling
// of a numeric address does. No trailing dot: one name, one spelling.
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  std::string_view last;
  for (std::size_t begin = 0; begin <= host.size();) {
    const std::size_t end = std::min(host.find('.', begin), host.size());
    last = host.substr(begin, end - begin);
    if (last.empty() || last.size() > 63 || last.front() == '-' || last.back() == '-') return false;
    if (!std::all_of(last.begin(), last.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-'; }))
      return false;
    begin = end + 1;
  }
  return is_letter(last.front());
}

std::optional<std::uint64_t> number(std::string_view text, std::size_t digits) {
  if (text.empty() || text.size() > digits || !std::all_of(text.begin(), text.end(), is_digit))
    return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  return value;
}

// "host" or "host:port"; nothing else is an authority here (no user, no brackets).
struct Authority {
  std::string host;
  int port = 0;
};
std::optional<Authority> parse_authority(std::string_view text) {
  Authority out;
  const std::size_t colon = text.find(':');
  out.host = lower(text.substr(0, colon));
  if (!is_host_name(out.host)) return std::nullopt;
  if (colon == std::string_view::npos) return out;
  const auto port = number(text.substr(colon + 1), 5);
  if (!port || *port == 0 || *port > 65'535) return std::nullopt;
  out.port = static_cast<int>(*port);
  return out;
}

tl::unexpected<Error> refuse(std::string why) {
  return fail(ErrorCode::denied, std::move(why), "proxy");
}

// ---- the request line

Result<ProxyRequest> parse_target(std::string_view line) {
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse("no request line");
  const std::string_view method = line.substr(0, first), version = line.substr(last + 1);
  std::string_view target = line.substr(first + 1, last - first - 1);
  const bool printable =
      std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7f; });
  const bool word = !method.empty() && std::all_of(method.begin(), method.end(),
                                                   [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!printable || !word || (version != "HTTP/1.1" && version != "HTTP/1.0"))
    return refuse("no request line of HTTP/1");

  ProxyRequest request;
  request.tunnel = method == "CONNECT";
  std::string path;
  if (!request.tunnel) {
    constexpr std::string_view scheme = "http://";
    if (target.substr(0, scheme.size()) != scheme)
      return refuse("only CONNECT and http:// addresses pass");
    target.remove_prefix(scheme.size());
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    path = target.substr(end);
    target = target.substr(0, end);
    if (path.find('#') != std::string::npos) return refuse("an address with a fragment");
    if (path.empty() || path.front() != '/') path.insert(0, "/");
  }
  const auto authority = parse_authority(target);
  if (!authority || (request.tunnel && authority->port == 0))
    return refuse("the address is no plain host name and port");
  request.host = authority->host;
  request.port = authority->port == 0 ? 80 : authority->port;
  if (!request.tunnel) request.head = std::string(method) + " " + path + " HTTP/1.1\r\n";
  return request;
}

// ---- header fields

// Between this proxy and its neighbours only, or written anew.
constexpr std::array own_fields = {"connection",
                                   "proxy-connection",
                                   "proxy-authorization",
                                   "keep-alive",
                                   "te",
                                   "trailer",
                                   "upgrade",
                                   "host",
                                   "content-length",
                                   "proxy-authenticate"};

struct Field {
  std::string name;  // lower case
  std::string value;
};
std::optional<Field> parse_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view name = line.substr(0, colon);
  const bool token = std::all_of(name.begin(), name.end(), [](char c) {
    return is_digit(c) || is_letter(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
  if (!token) return std::nullopt;
  return Field{lower(name), std::string(trim(line.substr(colon + 1)))};
}

// Two readers must never disagree about where a request ends or whom it is for.
class FieldReader {
 public:
  explicit FieldReader(ProxyRequest& request) : request_(request) {}

  Result<void> add(std::string_view line) {
    const auto field = parse_field(line);
    if (!field) return refuse("a header field that is none");
    if (field->name == "transfer-encoding") return refuse("a body without a length");
    if (field->name == "host") {
      const auto host = parse_authority(field->value);
      const int port = host && host->port != 0 ? host->port : request_.tunnel ? request_.port : 80;
      if (hosts_++ > 0 || !host || host->host != request_.host || port != request_.port)
        return refuse("the Host field names another host");
    }
    if (field->name == "content-length") {
      const auto length = number(field->value, 10);
      if (lengths_++ > 0 || !length || *length > most_body) return refuse("no usable length");
      request_.body = *length;
    }
    if (std::find(own_fields.begin(), own_fields.end(), field->name) == own_fields.end())
      passed_ += std::string(line) + "\r\n";
    return {};
  }

  void finish() {
    if (request_.tunnel) return;
    const std::string port = request_.port == 80 ? "" : ":" + std::to_string(request_.port);
    request_.head += "Host: " + request_.host + port + "\r\n" + passed_;
    if (lengths_ > 0) request_.head += "Content-Length: " + std::to_string(request_.body) + "\r\n";
    request_.head += "Connection: close\r\n\r\n";
  }

 private:
  ProxyRequest& request_;
  std::string passed_;
  int hosts_ = 0, lengths_ = 0;
};

// ---- addresses

struct Range {
  std::uint32_t first;
  int bits;
};
constexpr std::uint32_t ip4(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24 | b << 16 | c << 8 | d;
}
constexpr std::array closed_ranges = {
    Range{ip4(0, 0, 0, 0), 8},        Range{ip4(10, 0, 0, 0), 8},
    Range{ip4(100, 64, 0, 0), 10},    Range{ip4(127, 0, 0, 0), 8},
    Range{ip4(168, 63, 129, 16), 32},  // Azure's own service at a public number
    Range{ip4(169, 254, 0, 0), 16},   Range{ip4(172, 16, 0, 0), 12},
    Range{ip4(192, 0, 0, 0), 24},     Range{ip4(192, 0, 2, 0), 24},
    Range{ip4(192, 88, 99, 0), 24},   Range{ip4(192, 168, 0, 0), 16},
    Range{ip4(198, 18, 0, 0), 15},    Range{ip4(198, 51, 100, 0), 24},
    Range{ip4(203, 0, 113, 0), 24},   Range{ip4(224, 0, 0, 0), 3}};

bool is_public_ip4(std::uint32_t address) {
  return std::none_of(closed_ranges.begin(), closed_ranges.end(), [&](const Range& range) {
    return (address ^ range.first) >> (32 - range.bits) == 0;
  });
}

// 2000::/3 less what carries another address inside (Teredo, 6to4) or is for documents.
bool is_public_ip6(const unsigned char* a) {
  if (a[0] >> 5 != 1) return false;
  const unsigned first = a[0] << 8U | a[1], second = a[2] << 8U | a[3];
  const bool special = first == 0x2001 && (second < 0x0200 || second == 0x0db8);
  return !special && first != 0x2002 && first != 0x3fff;
}

}  // namespace

Result<std::vector<AllowedHost>> parse_allowed_hosts(const std::vector<std::string>& entries) {
  std::vector<AllowedHost> list;
  for (const std::string& entry : entries) {
    const auto authority = parse_authority(entry);
    if (!authority)
      return fail(ErrorCode::config, "\"" + entry + "\" is no host name", "sandbox.allow_hosts",
                  "write registry.npmjs.org, or a name and a port: packages.example.com:8443");
    list.push_back({authority->host, authority->port});
  }
  return list;
}

Result<ProxyRequest> parse_proxy_request(std::string_view head) {
  constexpr std::string_view end = "\r\n\r\n", line_end = "\r\n";
  if (head.size() < end.size() || head.substr(head.size() - end.size()) != end)
    return refuse("no complete request");
  head.remove_suffix(line_end.size());
  ProxyRequest request;
  FieldReader fields(request);
  for (bool first = true; !head.empty(); first = false) {
    const std::size_t length = head.find(line_end);
    const std::string_view line = head.substr(0, length);
    head.remove_prefix(length + line_end.size());
    const bool plain = std::all_of(line.begin(), line.end(), [](char c) {
      return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7f);
    });
    if (!plain) return refuse("control characters in the request");
    if (first) {
      MIX_TRY(request, parse_target(line));
    } else {
      MIX_OK(fields.add(line));
    }
  }
  fields.finish();
  return request;
}

bool is_allowed(const std::vector<AllowedHost>& list, const ProxyRequest& request) {
  return std::any_of(list.begin(), list.end(), [&](const AllowedHost& allowed) {
    const int port = allowed.port != 0 ? allowed.port : request.tunnel ? 443 : 80;
    return allowed.host == request.host && port == request.port;
  });
}

bool is_public_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    return is_public_ip4(ntohl(in.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 in{};
  std::memcpy(&in, &address, sizeof in);
  return is_public_ip6(in.sin6_addr.s6_addr);
}

}  // namespace mixagent
