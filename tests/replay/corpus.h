#pragma once
// Recorded exchanges with model APIs and what an independent reader made of them.

#include "base/json.h"
#include "provider/dialect.h"

#include "mixagent/model.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace mixagent {

struct Exchange {
  std::string id, provider;
  int status = 200;
  HeaderList headers;
  std::string body;
  bool streaming = false;
  std::set<std::string> tags;
  Json expected;
  std::string address;  // of the request
  Json request;         // its body; null when only the response was kept
};

// Empty when the file is not there. MIXAGENT_DATA names the folder; default: shared/data beside the
// project's folder.
std::vector<Exchange> load_exchanges(const std::string& file);

// One way of cutting a body: calls feed for each piece.
using Cutter =
    std::function<void(std::string_view body, const std::function<void(std::string_view)>& feed)>;

Result<ChatReply> decode(const Exchange& exchange, Dialect dialect, const Cutter& cut);
Cutter whole();
Cutter pieces_of(std::size_t size);
Cutter random_pieces(unsigned seed);
Cutter in_two_at(std::size_t position);

// The corpus' own neutral form of a reading.
Json reading_of(const Result<ChatReply>& reply);
// The same of `expected`, less what mixagent does not read.
Json expected_reading(const Exchange& exchange);
// Everything of a reply, opaque parts too: equal texts are equal replies.
std::string fingerprint(const Result<ChatReply>& reply);

}  // namespace mixagent
