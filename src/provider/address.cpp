#include "provider/address.h"

#include "system/http_curl.h"

namespace mixagent {

Result<void> check_address(const Provider& provider) {
  const std::string where = "providers." + provider.name + ".base_url";
  const auto& url = provider.base_url;
  if (url.starts_with("https://")) return {};
  if (url.rfind("http://", 0) != 0) {
    return fail(ErrorCode::config,
                url.empty() ? "no address is set" : "\"" + url + "\" is no address", where,
                "it must begin with https://");
  }
  if (provider.allow_http || is_loopback_url(url)) return {};
  return fail(ErrorCode::config, "plain http:// would send the key and the code unencrypted", where,
              "use https://, or set allow_http = true for this provider");
}

std::string join_url(std::string_view base, std::string_view path) {
  while (!base.empty() && base.back() == '/') base.remove_suffix(1);
  return std::string(base) + std::string(path);
}

}  // namespace mixagent
