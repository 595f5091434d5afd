#include "core/denied.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mixagent {

std::string denied_network(const std::string& output) {
  static constexpr std::array<std::string_view, 14> words = {
      "could not resolve host",
      "couldn't resolve host",
      "unable to resolve host",
      "temporary failure in name resolution",
      "temporary failure resolving",
      "name or service not known",
      "getaddrinfo enotfound",
      "getaddrinfo eai_again",
      "code eai_again",
      "network is unreachable",
      "connect enetunreach",
      "is not in sandbox.allow_hosts",
      "tunnel connection failed: 403",
      "connect tunnel failed, response 403",
  };
  for (const std::string& line : split_lines(output)) {
    const std::string text = lower(line);
    if (std::any_of(words.begin(), words.end(),
                    [&](std::string_view word) { return text.find(word) != std::string::npos; }))
      return clip(trim(line), 200);
  }
  return "";
}

}  // namespace mixagent
