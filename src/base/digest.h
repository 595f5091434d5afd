#pragma once
// SHA-256, for blob names, tree ids and cache keys. The only home of OpenSSL.

#include <string>
#include <string_view>

namespace mixagent {

std::string sha256_hex(std::string_view bytes);

}  // namespace mixagent
