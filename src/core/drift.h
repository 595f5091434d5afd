#pragma once
// Does a model still count tokens as it used to? A provider that changes its tokenizer raises bills
// quietly. Pure.

#include <cstdint>
#include <string>
#include <vector>

namespace mixagent {

// One paid call, in the order of time.
struct TokenSample {
  std::string model;
  std::int64_t prompt_bytes = 0, input_tokens = 0;  // sent; reported
  bool operator==(const TokenSample&) const = default;
};

struct TokenDrift {
  std::string model;
  std::int64_t calls = 0;                   // in all
  std::int64_t expected = 0, reported = 0;  // input tokens of the newest calls
  double change = 0;                        // 0.12: 12 % more than the older calls make expect
  bool enough = false;                      // calls to say so
  bool drifts = false;
  bool operator==(const TokenDrift&) const = default;
};

constexpr std::size_t newest_calls = 10, least_older_calls = 10;
constexpr double noticed_change = 0.15;

// One entry a model, the largest change first.
std::vector<TokenDrift> token_drift(const std::vector<TokenSample>& samples);

}  // namespace mixagent
