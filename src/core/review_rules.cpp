#include "core/review_rules.h"

#include "base/text.h"

#include <algorithm>

namespace mixagent {

namespace {

const Finding* find_open(const std::vector<Finding>& open, const std::string& id) {
  const auto found =
      std::find_if(open.begin(), open.end(), [&](const Finding& one) { return one.id == id; });
  return found == open.end() ? nullptr : &*found;
}

// In later rounds a new finding counts only on a line that changed since the round before.
bool is_on_changed_line(const Finding& finding, const ReviewRound& round) {
  const auto lines = round.changed.find(finding.file);
  return lines != round.changed.end() && lines->second.count(finding.line) != 0;
}

bool still_blocks(Finding& finding, const ReviewRound& round) {
  if (finding.severity != Severity::blocking) return false;
  if (round.round > 1) {
    const Finding* before = find_open(round.open, finding.id);
    if (before == nullptr && !is_on_changed_line(finding, round)) return false;
    // A re-check need not repeat what was shown before.
    if (before != nullptr && trim(finding.evidence).empty()) finding.evidence = before->evidence;
  }
  return !trim(finding.evidence).empty();
}

constexpr double proven_score = 0.6, unproven_score = 0.8;  // where the threshold is adaptive

double accept_score(const ReviewConfig& config, const ReviewRound& round) {
  if (config.adaptive) return round.proven ? proven_score : unproven_score;
  const auto own = config.accept_by_action.find(round.action);
  return own == config.accept_by_action.end() ? config.accept_score : own->second;
}

ReviewEffect effect_of(const Review& review, bool blocked, double threshold) {
  switch (review.verdict) {
    case ReviewVerdict::approve:
      return review.score >= threshold ? ReviewEffect::accept : ReviewEffect::revise;
    case ReviewVerdict::revise:
      return blocked ? ReviewEffect::revise : ReviewEffect::accept;
    case ReviewVerdict::escalate:
      return blocked ? ReviewEffect::escalate : ReviewEffect::revise;
    case ReviewVerdict::replan:
      return ReviewEffect::replan;
  }
  return ReviewEffect::revise;
}

}  // namespace

ReviewRuling rule(const Review& review, const ReviewRound& round, const ReviewConfig& config) {
  ReviewRuling ruling;
  for (Finding finding : review.findings) {
    if (still_blocks(finding, round)) {
      ruling.open.push_back(std::move(finding));
    } else {
      finding.severity = Severity::nit;
      ruling.nits.push_back(std::move(finding));
    }
  }
  ruling.effect = effect_of(review, !ruling.open.empty(), accept_score(config, round));
  return ruling;
}

}  // namespace mixagent
