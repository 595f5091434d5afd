#pragma once
// What the headers of a good answer say about the next one. Pure.

#include "provider/dialect.h"

#include <cstdint>

namespace mixagent {

constexpr std::int64_t longest_pause_ms = 60'000;

// How long to ask nothing more, when a provider says that its requests or tokens of this minute are
// used up; else 0.
std::int64_t told_pause_ms(const HeaderList& headers, std::int64_t now_ms);

}  // namespace mixagent
