#pragma once
// Does a model still count tokens as it used to? A provider that changes its tokenizer raises bills
// quietly. Pure.

#include "mixagent/model_record.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mixagent {

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

// Calls by model, in the order of time.
using TokenSamples = std::map<std::string, std::vector<TokenSample>>;
// One entry a model, the largest change first.
std::vector<TokenDrift> token_drift(const TokenSamples& samples);

}  // namespace mixagent
