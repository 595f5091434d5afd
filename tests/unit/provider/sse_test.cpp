#include "provider/sse.h"

#include <doctest/doctest.h>

#include <vector>

namespace mixagent {

namespace {

std::vector<SseEvent> events_of(std::string_view bytes, std::size_t piece) {
  std::vector<SseEvent> events;
  const auto keep = [&](const SseEvent& event) { events.push_back(event); };
  SseParser parser;
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    parser.feed(bytes.substr(at, piece), keep);
  parser.finish(keep);
  return events;
}

}  // namespace

TEST_CASE("events are the same wherever the bytes are cut") {
  struct Case {
    const char* name;
    std::string_view bytes;
    std::vector<SseEvent> events;
  };
  const std::vector<Case> cases = {
      {"line feed", "data: a\n\ndata: b\n\n", {{"", "a"}, {"", "b"}}},
      {"CR LF", "data: a\r\n\r\ndata: b\r\n\r\n", {{"", "a"}, {"", "b"}}},
      {"CR", "data: a\r\rdata: b\r\r", {{"", "a"}, {"", "b"}}},
      {"comments and unknown fields",
       ": hello\nid: 7\nretry: 10\ndata: a\n: more\n\n",
       {{"", "a"}}},
      {"event names", "event: error\ndata: a\n\ndata: b\n\n", {{"error", "a"}, {"", "b"}}},
      {"several data lines", "data: a\ndata:\ndata:  b\n\n", {{"", "a\n\n b"}}},
      {"no blank after the colon", "data:{\"x\":1}\n\n", {{"", "{\"x\":1}"}}},
      {"no final blank line", "data: a\n\ndata: b\n", {{"", "a"}, {"", "b"}}},
      {"no final line end", "data: a\n\ndata: b", {{"", "a"}, {"", "b"}}},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "data: a\n\n",
       {{"", "a"}}},
      {"an event without data is none", "event: ping\n\n\n\ndata: a\n\n", {{"", "a"}}},
      {"nothing", "", {}},
      {"split characters",
       "data: \xC3\xA4\xF0\x9F\x98\x8A\n\n",
       {{"", "\xC3\xA4\xF0\x9F\x98\x8A"}}},
  };
  for (const auto& test : cases) {
    CAPTURE(test.name);
    for (const std::size_t piece : {1u, 2u, 3u, 5u, 1000u}) {
      CAPTURE(piece);
      CHECK(events_of(test.bytes, piece) == test.events);
    }
  }
}

}  // namespace mixagent
