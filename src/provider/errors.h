#pragma once
// What an error answer of a provider means: its kind, how long to wait, when a quota comes back.
// Pure.

#include "provider/dialect.h"

#include "mixagent/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mixagent {

// `status` may be 200: errors come inside streams too, then words and codes decide. `where` is left
// to the caller.
Error provider_error(int status, const HeaderList& headers, std::string_view body,
                     std::int64_t now_ms);

std::string_view header_of(const HeaderList& headers,
                           std::string_view name);  // names in lower case; "" when absent

// "6m1.5s", "20ms", "34.4s", "2 minutes", "7" (seconds) at the start of the text.
std::optional<std::int64_t> parse_wait_ms(std::string_view text);
// "Sun, 06 Nov 1994 08:49:37 GMT" as milliseconds since 1970.
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace mixagent
