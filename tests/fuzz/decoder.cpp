// An answer of one dialect. Promises: the reading does not depend on where the bytes are cut, a
// reply survives being stored, and a conversation that holds it can be sent again.

#include "base/json.h"
#include "core/codecs.h"
#include "fuzz/input.h"
#include "provider/dialect.h"

#include <array>

namespace mixagent {

namespace {

constexpr Dialect dialect = Dialect::MIXAGENT_FUZZ_DIALECT;
constexpr std::array<int, 8> statuses = {200, 200, 200, 200, 200, 400, 429, 500};

ReplyContext context() {
  ReplyContext made;
  made.origin = {dialect, "p", "m"};
  made.base_url = "https://models.example/v1";
  return made;
}

bool same(const Result<ChatReply>& a, const Result<ChatReply>& b) {
  if (a.has_value() != b.has_value()) return false;
  if (a) return *a == *b;
  return a.error().code == b.error().code && a.error().what == b.error().what &&
         a.error().partial_output == b.error().partial_output &&
         a.error().retry_after_ms == b.error().retry_after_ms;
}

void send_again(const ChatReply& reply) {
  ChatRequest request;
  request.model = "m";
  request.max_output = 100;
  request.messages = {{Role::user, {TextPart{"hi", {}}}, false},
                      {Role::assistant, reply.parts, false}};
  Message results{Role::tool, {}, false};
  for (const auto& call : calls_of(reply.parts)) {
    results.parts.push_back(ToolResultPart{call.id, call.wire_id, call.name, "done", false});
  }
  if (!results.parts.empty()) request.messages.push_back(results);
  Model model;
  model.name = model.id = "m";
  model.provider = "p";
  Provider provider;
  provider.name = "p";
  provider.dialect = dialect;
  provider.base_url = "https://models.example/v1";
  const auto wire = dialect_of(dialect)->encode(request, model, provider);
  promise(parse_json(wire.body).has_value());
}

void read(const FuzzInput& input) {
  const int status = statuses[input.choice % statuses.size()];
  auto whole = dialect_of(dialect)->decoder(context());
  whole.feed(input.text);
  const auto reply = whole.finish(status, {}, 1'000);

  auto cut = dialect_of(dialect)->decoder(context());
  input.in_pieces([&](std::string_view piece) { cut.feed(piece); });
  promise(same(reply, cut.finish(status, {}, 1'000)));

  if (!reply) return;
  const auto stored = decode_reply(encode_reply(*reply));
  promise(stored && *stored == *reply);
  send_again(*reply);
}

}  // namespace

}  // namespace mixagent

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mixagent::read({data, size});
  return 0;
}
