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

}  // namespace mixagent
