#pragma once
// JSON with the order of keys kept. Including this pulls nlohmann/json.hpp (6 CPU s): only where
// documents are built or taken apart.

#include "mixagent/error.h"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace mixagent {

using Json = nlohmann::ordered_json;

// Error protocol with line and column. Refuses nesting deeper than 200. Duplicate keys: the last
// wins.
Result<Json> parse_json(std::string_view text);
// Compact; invalid UTF-8 becomes U+FFFD, never throws.
std::string dump_json(const Json& json);
std::string dump_json_pretty(const Json& json);
// Keys sorted at every depth, compact: for hashes.
std::string canonical_json(const Json& json);
// The first complete JSON object or array inside model text (inside a ```json fence first); empty
// when there is none.
std::string first_json_in(std::string_view text);

// Member or null; never throws.
const Json& member(const Json& object, std::string_view name);
std::string string_or(const Json& object, std::string_view name, std::string_view fallback = {});
std::int64_t int_or(const Json& object, std::string_view name, std::int64_t fallback = 0);

}  // namespace mixagent
