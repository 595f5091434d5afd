#include "core/calibration.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>
#include <variant>

namespace mixagent {

namespace {

constexpr int enough = 10;           // samples
constexpr double forgetting = 0.93;  // weight of a call against the one after it
constexpr double relative_noise = 0.03;
constexpr double least_noise = 3;          // tokens
constexpr double averaging = 0.2;          // of the error: about the latest ten calls
constexpr double good_error = 0.15;        // above: no upper bound is claimed
constexpr double units_an_estimate = 1.2;  // of code, against a quarter of its characters

// Variance at the start. Tools and requests as such may bring hidden instructions of any length.
constexpr std::array<double, 5> doubt = {0.05, 0.1, 20.0, 20'000.0, 10'000.0};

enum class Kind { letters, digits, space, wide, marks };

Kind kind_of(unsigned char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return Kind::letters;
  if (c >= '0' && c <= '9') return Kind::digits;
  if (c == ' ' || (c >= '\t' && c <= '\r')) return Kind::space;
  return c >= 0x80 ? Kind::wide : Kind::marks;
}

// A fifth of a unit, so that sums stay exact.
std::int64_t fifths_of(Kind kind, std::string_view run) {
  const auto length = static_cast<std::int64_t>(run.size());
  switch (kind) {
    case Kind::letters:
      return 5 + std::max<std::int64_t>(length - 6, 0);
    case Kind::digits:
      return 5 * ((length + 2) / 3);
    case Kind::space:
      return run == " " ? 0 : 5;
    case Kind::marks: {
      const bool same = run.find_first_not_of(run.front()) == std::string_view::npos;
      return 5 * (same ? (length + 3) / 4 : (length + 1) / 2);
    }
    case Kind::wide: {
      // Alphabets of two bytes take half a token a letter, scripts of three or more a whole one.
      std::int64_t sum = 0;
      for (const char c : run) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0xe0) sum += 5;
        if (byte >= 0xc0 && byte < 0xe0) sum += 3;
      }
      return sum;
    }
  }
  return 0;
}

struct UnitsOf {
  std::int64_t operator()(const TextPart& p) const { return token_units(p.text); }
  std::int64_t operator()(const ReasoningPart& p) const { return token_units(p.text); }
  std::int64_t operator()(const ImagePart&) const { return unknown; }
  std::int64_t operator()(const ToolCallPart& p) const {
    return token_units(p.name) + token_units(p.arguments);
  }
  std::int64_t operator()(const ToolResultPart& p) const { return token_units(p.text); }
  std::int64_t operator()(const RefusalPart& p) const { return token_units(p.text); }
  std::int64_t operator()(const RawPart&) const { return unknown; }
  static constexpr std::int64_t unknown = -1;
};

}  // namespace

std::int64_t token_units(std::string_view text) {
  std::int64_t fifths = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Kind kind = kind_of(static_cast<unsigned char>(text[at]));
    std::size_t end = at + 1;
    while (end < text.size() && kind_of(static_cast<unsigned char>(text[end])) == kind) ++end;
    fifths += fifths_of(kind, text.substr(at, end - at));
    at = end;
  }
  return (fifths + 4) / 5;
}

TokenShape shape_of(const ChatRequest& request) {
  TokenShape shape;
  if (!request.response_schema.empty()) return {};
  for (const Message& message : request.messages) {
    ++shape.parts;
    for (const Part& part : message.parts) {
      const std::int64_t units = std::visit(UnitsOf{}, part);
      if (units == UnitsOf::unknown) return {};
      shape.text += units;
    }
  }
  for (const ToolDef& tool : request.tools) {
    ++shape.parts;
    shape.tools +=
        token_units(tool.name) + token_units(tool.description) + token_units(tool.schema);
  }
  return shape;
}

Calibration::Calibration() {
  for (std::size_t i = 0; i < size; ++i) spread_[i][i] = doubt[i];
}

Calibration::Row Calibration::row_of(const TokenShape& shape) {
  return {static_cast<double>(shape.text), static_cast<double>(shape.tools),
          static_cast<double>(shape.parts), shape.tools > 0 ? 1.0 : 0.0, 1.0};
}

double Calibration::dot(const Row& row) const {
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += weights_[i] * row[i];
  return sum;
}

std::int64_t Calibration::estimate(const TokenShape& shape, const TokenSample& before) const {
  if (shape == TokenShape{}) return 0;
  double tokens = dot(row_of(shape));
  if (before.input > 0) tokens += static_cast<double>(before.input) - dot(row_of(before.shape));
  return std::max<std::int64_t>(1, std::llround(tokens));
}

std::int64_t Calibration::tokens_of(std::string_view text) const {
  const double tokens = weights_[0] * static_cast<double>(token_units(text));
  return std::max<std::int64_t>(0, std::llround(tokens));
}

std::int64_t Calibration::as_estimate(std::int64_t tokens) const {
  const double a_unit = std::clamp(weights_[0], 0.5, 3.0);
  return std::llround(static_cast<double>(tokens) / (a_unit * units_an_estimate));
}

std::optional<std::int64_t> Calibration::at_most(const TokenShape& shape,
                                                 const TokenSample& before) const {
  const bool known = samples_ >= enough && error_ <= good_error;
  if (shape == TokenShape{} || (!known && before.input <= 0)) return std::nullopt;
  const auto unsure = std::max<std::int64_t>(estimate(shape, before) - before.input, 0);
  return before.input + unsure * (known ? 5 : 10) / 4 + 200;
}

// Recursive least squares. Doubt grows back with every call, up to what it was at the start, so
// that a tokenizer that changes is followed within a dozen calls.
void Calibration::learn(const TokenShape& shape, std::int64_t reported) {
  if (shape == TokenShape{} || reported <= 0) return;
  const Row row = row_of(shape);
  const auto seen = static_cast<double>(reported);
  const double expected = static_cast<double>(estimate(shape));
  const double share = samples_ < 5 ? 1.0 / (samples_ + 1) : averaging;
  error_ += share * (std::abs(expected - seen) / seen - error_);

  Row gain{};
  const double noise = std::max(least_noise, relative_noise * seen);
  double total = noise * noise;
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) gain[i] += spread_[i][j] * row[j];
    total += row[i] * gain[i];
  }
  const double miss = seen - dot(row);
  for (std::size_t i = 0; i < size; ++i) weights_[i] += gain[i] / total * miss;
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) spread_[i][j] -= gain[i] * gain[j] / total;
  }
  for (std::size_t i = 0; i < size; ++i) {
    spread_[i][i] = std::min(std::max(spread_[i][i], 0.0) / forgetting, doubt[i]);
  }
  ++samples_;
}

}  // namespace mixagent
