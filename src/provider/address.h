#pragma once
// Where a provider is asked. Pure.

#include "mixagent/error.h"
#include "mixagent/model.h"

#include <string>
#include <string_view>

namespace mixagent {

// Error config unless base_url is https, loopback, or plain http that the user allows.
Result<void> check_address(const Provider& provider);
std::string join_url(std::string_view base, std::string_view path);

}  // namespace mixagent
