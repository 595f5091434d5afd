#pragma once
// What earlier runs showed about a model, apart from what it cost. Implemented in
// journal/ledger.cpp; never fails: without records it is empty. Thread-safe.

#include "mixagent/usage.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mixagent {

// One call: what was asked, and what the provider counted.
struct TokenSample {
  TokenShape shape;
  std::int64_t input = 0;
  bool operator==(const TokenSample&) const = default;
};

// Edits of files that were there: by search and replace, however they were written.
struct EditCount {
  std::int64_t applied = 0, rejected = 0;
  bool operator==(const EditCount&) const = default;
};

class ModelRecords {
 public:
  virtual ~ModelRecords() = default;
  virtual std::vector<TokenSample> token_samples(const std::string& model) = 0;  // oldest first
  virtual EditCount edits(const std::string& model) = 0;
};

}  // namespace mixagent
