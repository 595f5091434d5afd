#pragma once
// Anthropic Messages.

#include "provider/dialect.h"

#include <memory>

namespace mixagent {

const WireDialect& messages();

// Reads its answers, whole and streamed (messages_reader.cpp).
std::unique_ptr<ReplyReader> messages_reader(ReplyContext context);

}  // namespace mixagent
