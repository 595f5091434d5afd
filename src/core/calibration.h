#pragma once
// How one model counts tokens, learned from the usage that comes back. Pure; a value.

#include "mixagent/message.h"
#include "mixagent/model_record.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mixagent {

// About what byte-pair tokenizers make of a text: pieces of words, of numbers, of white space and
// of punctuation. Uncalibrated it is some 10 % off for code and prose.
std::int64_t token_units(std::string_view text);

// All zero when the request holds what cannot be estimated (images, opaque parts of providers).
TokenShape shape_of(const ChatRequest& request);

// Least squares over the calls seen, older ones fading: tokens a unit of text, a unit of a tool
// definition, a part, and what tools and the request cost at all.
class Calibration {
 public:
  Calibration();
  // Tokens of a request; never below 1. Before the first sample: what most models would count.
  // `before`: the call before it in the same conversation, whose part is known exactly; may be
  // empty.
  std::int64_t estimate(const TokenShape& shape, const TokenSample& before = {}) const;
  // Tokens that a text adds to a request.
  std::int64_t tokens_of(std::string_view text) const;
  // The other way round: of a budget in this model's tokens, what estimate_tokens() may measure.
  std::int64_t as_estimate(std::int64_t tokens) const;
  // Surely more than the request will be counted; empty while too little is known for that.
  std::optional<std::int64_t> at_most(const TokenShape& shape,
                                      const TokenSample& before = {}) const;

  // Nothing is learned from a shape of zeros or a report of nothing.
  void learn(const TokenShape& shape, std::int64_t reported);

  int samples() const { return samples_; }
  // |estimate - reported| / reported, averaged over the latest calls, each before it was learned.
  double error() const { return error_; }

 private:
  static constexpr std::size_t size = 5;
  using Row = std::array<double, size>;  // unit of text, unit of tools, part, any tools, request

  static Row row_of(const TokenShape& shape);
  double dot(const Row& row) const;

  Row weights_ = {1.0, 0.7, 5.0, 20.0, 3.0};  // what most models of the recorded traffic count
  std::array<Row, size> spread_{};
  int samples_ = 0;
  double error_ = 0;
};

}  // namespace mixagent
