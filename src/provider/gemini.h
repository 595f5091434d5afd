#pragma once
// Gemini generateContent.

#include "provider/dialect.h"

#include <memory>

namespace mixagent {

const WireDialect& gemini();

// Reads its answers, whole and streamed (gemini_reader.cpp).
std::unique_ptr<ReplyReader> gemini_reader(ReplyContext context);

}  // namespace mixagent
