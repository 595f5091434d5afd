#pragma once
// Reads answers of OpenAI Chat Completions and its cousins, whole and streamed. Private to
// chat_completions.

#include "provider/dialect.h"
#include "provider/reply_reader.h"

#include <memory>

namespace mixagent {

std::unique_ptr<ReplyReader> chat_reader(ReplyContext context);

}  // namespace mixagent
