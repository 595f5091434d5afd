#pragma once
// The reviewer's judgement as `submit_review` delivers it. What it may cause is
// core/review_rules.h.

#include "mixagent/fields.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

enum class ReviewVerdict { approve, revise, escalate, replan };
constexpr std::array<std::string_view, 4> enum_names(ReviewVerdict) {
  return {"approve", "revise", "escalate", "replan"};
}

enum class Severity { blocking, nit };
constexpr std::array<std::string_view, 2> enum_names(Severity) {
  return {"blocking", "nit"};
}

struct Finding {
  std::string id;
  Severity severity = Severity::nit;
  std::string file;
  int line = 0;
  std::string claim, evidence, fix;
  bool operator==(const Finding&) const = default;

  template <class V>
  void fields(V& v) {
    v.need("id", id);
    v.need("severity", severity);
    v.may("file", file);
    v.may("line", line);
    v.need("claim", claim);
    v.may("evidence", evidence, "command or code path that shows it");
    v.may("fix", fix);
  }
};

struct Review {
  ReviewVerdict verdict = ReviewVerdict::revise;
  double score = 0;
  std::vector<Finding> findings;
  std::string coaching;
  bool operator==(const Review&) const = default;

  template <class V>
  void fields(V& v) {
    v.need("verdict", verdict);
    v.need("score", score, "0..1");
    v.may("findings", findings);
    v.may("coaching", coaching);
  }
};

}  // namespace mixagent
