#pragma once
// OpenAI Responses.

#include "provider/dialect.h"

#include <memory>

namespace mixagent {

const WireDialect& responses();

// Reads its answers, whole and streamed (responses_reader.cpp).
std::unique_ptr<ReplyReader> responses_reader(ReplyContext context);

}  // namespace mixagent
