#pragma once
// What each dialect makes of an answer; the Decoder deals with framing. Private to the dialects.

#include "base/json.h"

#include "mixagent/error.h"
#include "mixagent/message.h"

#include <string>
#include <string_view>

namespace mixagent {

// How an answer ended, beside its parts.
struct ReadReply {
  ChatReply reply;
  bool ended = false;      // an end was seen: a finish word or the format's marker
  std::string error_json;  // an error inside a 200 answer; empty: none
};

class ReplyReader {
 public:
  virtual ~ReplyReader() = default;
  virtual void whole(const Json& body) = 0;
  virtual void event(std::string_view name, const Json& data) = 0;
  virtual void done_marker() {}  // "[DONE]"
  virtual bool complete() const = 0;
  virtual ReadReply result() = 0;
};

// Pieces that several dialects share.

// JSON text of a tool call's arguments: a string as it is, an object dumped, nothing as "".
std::string arguments_text(const Json& arguments);
// String members, ints too: codes come as "429", 429 or null.
std::string scalar_text(const Json& value);
// The id that we give the n-th tool call (0-based) of a conversation.
std::string own_call_id(std::size_t n);
// Inserts `text` at the end of the last TextPart, or as a new one.
void append_text(std::vector<Part>& parts, std::string_view text);

}  // namespace mixagent
