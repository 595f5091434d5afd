#pragma once
// Tokens of one model call. `input` contains cached and written, `output` contains reasoning (the
// neutral reading of all wire formats). A provider that reports nothing leaves `reported` false and
// the call settles at its reserved worst case.

#include "mixagent/money.h"

#include <cstdint>
#include <optional>

namespace mixagent {

struct Usage {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t cached_input = 0;
  std::int64_t cache_write = 0;
  std::int64_t reasoning = 0;
  bool reported = false;
  std::optional<Money> reported_cost;  // the provider's own figure wins over the table

  bool operator==(const Usage&) const = default;

  template <class V>
  void fields(V& v) {
    v.may("input", input);
    v.may("output", output);
    v.may("cached_input", cached_input);
    v.may("cache_write", cache_write);
    v.may("reasoning", reasoning);
    v.may("reported", reported);
  }
};

inline Usage& operator+=(Usage& a, const Usage& b) {
  a.input += b.input;
  a.output += b.output;
  a.cached_input += b.cached_input;
  a.cache_write += b.cache_write;
  a.reasoning += b.reasoning;
  a.reported = a.reported || b.reported;
  return a;
}

// What a request holds, in units that every tokenizer roughly agrees on (core/calibration.h); all
// zero: not measured. Pairs of it and the reported `input` teach how a model counts.
struct TokenShape {
  std::int64_t text = 0;   // units of the messages
  std::int64_t tools = 0;  // units of the tool definitions
  std::int64_t parts = 0;  // messages and tool definitions, each with a wrapper of its own
  bool operator==(const TokenShape&) const = default;
  template <class V>
  void fields(V& v) {
    v.may("text", text);
    v.may("tools", tools);
    v.may("parts", parts);
  }
};

// USD per 1,000,000 tokens, kept as picodollars per token.
struct Price {
  Money input, output, cached_input, cache_write;
  bool operator==(const Price&) const = default;
};

}  // namespace mixagent
