#include "core/drift.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace mixagent {

namespace {

struct Sum {
  double bytes = 0, tokens = 0;
  void add(const TokenSample& sample) {
    bytes += static_cast<double>(sample.prompt_bytes);
    tokens += static_cast<double>(sample.input_tokens);
  }
};

TokenDrift drift_of(const std::string& model, const std::vector<TokenSample>& calls) {
  TokenDrift drift;
  drift.model = model;
  drift.calls = static_cast<std::int64_t>(calls.size());
  drift.enough = calls.size() >= newest_calls + least_older_calls;
  if (!drift.enough) return drift;
  Sum older, newest;
  const auto split = calls.size() - newest_calls;
  for (std::size_t i = 0; i < calls.size(); ++i) (i < split ? older : newest).add(calls[i]);
  const double expected = newest.bytes * older.tokens / older.bytes;
  drift.expected = std::llround(expected);
  drift.reported = std::llround(newest.tokens);
  drift.change = newest.tokens / expected - 1;
  drift.drifts = std::fabs(drift.change) >= noticed_change;
  return drift;
}

}  // namespace

std::vector<TokenDrift> token_drift(const std::vector<TokenSample>& samples) {
  std::map<std::string, std::vector<TokenSample>> by_model;
  for (const auto& sample : samples) {
    if (sample.prompt_bytes > 0 && sample.input_tokens > 0)
      by_model[sample.model].push_back(sample);
  }
  std::vector<TokenDrift> drifts;
  for (const auto& [model, calls] : by_model) drifts.push_back(drift_of(model, calls));
  std::stable_sort(drifts.begin(), drifts.end(), [](const TokenDrift& a, const TokenDrift& b) {
    return std::fabs(a.change) > std::fabs(b.change);
  });
  return drifts;
}

}  // namespace mixagent
