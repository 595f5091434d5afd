#pragma once
// A wire format as two pure functions: a neutral request becomes path, headers and body; bytes of
// an answer become a neutral reply. Nothing here does I/O, reads a clock or holds a key. A further
// format is one more file beside chat_completions.cpp and one more line in `dialect_of`.

#include "provider/sse.h"

#include "mixagent/error.h"
#include "mixagent/message.h"
#include "mixagent/model.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mixagent {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct WireRequest {
  std::string path;  // after Provider::base_url
  HeaderList headers;
  std::string body;
};

// What a reader of an answer must know of the question.
struct ReplyContext {
  Origin origin;
  std::string base_url;          // cousins of one dialect differ
  std::size_t calls_so_far = 0;  // tool calls in the conversation: new ones get ids after these
  std::function<void(std::string_view)> on_delta;  // visible text as it comes; may be empty
};
ReplyContext reply_context(const ChatRequest& request, const Model& model,
                           const Provider& provider);

class ReplyReader;  // provider/reply_reader.h

// One answer, fed in pieces cut anywhere; event streams and whole bodies are told apart by their
// first byte. Not thread-safe.
class Decoder {
 public:
  explicit Decoder(std::unique_ptr<ReplyReader> reader);
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) = delete;

  void feed(std::string_view bytes);
  // The format's own end marker was seen: whatever happens to the connection, the reply is whole.
  bool complete() const;
  // After the last byte. An Error for error answers (also inside 200), for streams without their
  // end (protocol, partial_output) and for bytes that are no reply. A tool call of a cut stream is
  // never returned. `now_ms` (UTC) turns dates into waits.
  Result<ChatReply> finish(int status, const HeaderList& headers, std::int64_t now_ms);

 private:
  void take_event(const SseEvent& event);
  tl::unexpected<Error> not_a_reply(std::string what) const;

  enum class Framing { unknown, whole, events };
  Framing framing_ = Framing::unknown;
  std::unique_ptr<ReplyReader> reader_;
  SseParser sse_;
  std::string body_;  // whole: all of it; events: the first bytes, for error messages
  std::size_t received_ = 0;
  int events_ = 0;
  std::string broken_;  // the first event that was no JSON
};

class WireDialect {
 public:
  virtual ~WireDialect() = default;
  virtual WireRequest encode(const ChatRequest& request, const Model& model,
                             const Provider& provider) const = 0;
  // The header that carries a key.
  virtual std::pair<std::string, std::string> key_header(const std::string& key) const = 0;
  virtual Decoder decoder(ReplyContext context) const = 0;
};

// Null for `replay`, which has no wire, and for dialects that are not spoken yet.
const WireDialect* dialect_of(Dialect dialect);

}  // namespace mixagent
