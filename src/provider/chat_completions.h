#pragma once
// OpenAI Chat Completions and its cousins; what differs between them is data (chat_quirks).

#include "provider/dialect.h"

namespace mixagent {

const WireDialect& chat_completions();

}  // namespace mixagent
