#include "core/drift.h"

#include "core/calibration.h"

#include <algorithm>
#include <cmath>

namespace mixagent {

namespace {

// What most models would count, and what this one did.
struct Sum {
  double usual = 0, counted = 0;
  void add(const TokenSample& sample) {
    usual += static_cast<double>(Calibration().estimate(sample.shape));
    counted += static_cast<double>(sample.input);
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
  const double expected = newest.usual * older.counted / older.usual;
  drift.expected = std::llround(expected);
  drift.reported = std::llround(newest.counted);
  drift.change = newest.counted / expected - 1;
  drift.drifts = std::fabs(drift.change) >= noticed_change;
  return drift;
}

}  // namespace

std::vector<TokenDrift> token_drift(const TokenSamples& samples) {
  std::vector<TokenDrift> drifts;
  for (const auto& [model, calls] : samples) drifts.push_back(drift_of(model, calls));
  std::stable_sort(drifts.begin(), drifts.end(), [](const TokenDrift& a, const TokenDrift& b) {
    return std::fabs(a.change) > std::fabs(b.change);
  });
  return drifts;
}

}  // namespace mixagent
