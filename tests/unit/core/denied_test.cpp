#include "core/denied.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace mixagent {
namespace {

TEST_CASE("who missed the network says so in words of its own") {
  struct Case {
    const char* tool;
    std::string output, line;
  };
  const std::vector<Case> cases = {
      {"curl", "x\ncurl: (6) Could not resolve host: pypi.org\n",
       "curl: (6) Could not resolve host: pypi.org"},
      {"curl through the proxy", "curl: (56) CONNECT tunnel failed, response 403\n",
       "curl: (56) CONNECT tunnel failed, response 403"},
      {"git", "fatal: unable to access 'https://x/': Could not resolve host: x\n",
       "fatal: unable to access 'https://x/': Could not resolve host: x"},
      {"pip",
       "WARNING: Retrying after connection broken by 'NewConnectionError(\"[Errno -3] Temporary "
       "failure in name resolution\")'\nERROR: No matching distribution\n",
       "WARNING: Retrying after connection broken by 'NewConnectionError(\"[Errno -3] Temporary "
       "failure in name resolution\")'"},
      {"pip through the proxy", "ProxyError('Tunnel connection failed: 403 Forbidden')\n",
       "ProxyError('Tunnel connection failed: 403 Forbidden')"},
      {"npm", "npm ERR! code EAI_AGAIN\n", "npm ERR! code EAI_AGAIN"},
      {"node", "Error: getaddrinfo ENOTFOUND registry.npmjs.org\n",
       "Error: getaddrinfo ENOTFOUND registry.npmjs.org"},
      {"node, a socket", "  Error: connect ENETUNREACH 1.1.1.1:443 \n",
       "Error: connect ENETUNREACH 1.1.1.1:443"},
      {"cargo", "spurious network error: [6] Couldn't resolve host name\n",
       "spurious network error: [6] Couldn't resolve host name"},
      {"apt", "W: Temporary failure resolving 'deb.debian.org'\n",
       "W: Temporary failure resolving 'deb.debian.org'"},
      {"ping", "ping: x.org: Name or service not known\n",
       "ping: x.org: Name or service not known"},
      {"ip", "connect: Network is unreachable\n", "connect: Network is unreachable"},
      {"our proxy", "evil.org:443 is not in sandbox.allow_hosts\n",
       "evil.org:443 is not in sandbox.allow_hosts"},
      {"a server that is down", "connect ECONNREFUSED 127.0.0.1:5432\n", ""},
      {"a module that is missing", "ModuleNotFoundError: No module named 'requests'\n", ""},
      {"a test about hosts", "test_host: expected 'resolve host' in the menu\n", ""},
      {"a test of the same name", "ok 7 - test_eai_again_is_retried\nENETUNREACH handled\n", ""},
      {"a refused page", "HTTP/1.1 403 Forbidden\n", ""},
      {"nothing", "", ""},
  };
  for (const Case& one : cases) {
    INFO(std::string(one.tool));
    CHECK(denied_network(one.output) == one.line);
  }
}

}  // namespace
}  // namespace mixagent
