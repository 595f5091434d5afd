// Event streams. Promise: the same events wherever the bytes are cut.

#include "provider/sse.h"

#include "fuzz/input.h"

#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mixagent;
  const FuzzInput input(data, size);
  std::vector<SseEvent> whole, cut;
  SseParser one, other;
  const auto to = [](std::vector<SseEvent>& events) {
    return [&events](const SseEvent& event) { events.push_back(event); };
  };
  one.feed(input.text, to(whole));
  one.finish(to(whole));
  input.in_pieces([&](std::string_view piece) { other.feed(piece, to(cut)); });
  other.finish(to(cut));
  promise(whole == cut);
  return 0;
}
