#include "core/review_rules.h"

#include <doctest/doctest.h>

#include <string>
#include <tuple>
#include <vector>

namespace mixagent {
namespace {

Finding finding(const std::string& id, Severity severity, const std::string& evidence,
                const std::string& file = "a.py", int line = 10) {
  return {id, severity, file, line, "claim of " + id, evidence, ""};
}

constexpr auto blocking = Severity::blocking;
constexpr auto nit = Severity::nit;

std::string ids(const std::vector<Finding>& findings) {
  std::string out;
  for (const auto& one : findings) out += (out.empty() ? "" : " ") + one.id;
  return out;
}

TEST_CASE("what a review causes") {
  const Finding proven = finding("p", blocking, "pytest fails");
  const Finding bare = finding("b", blocking, " ");
  const Finding small = finding("n", nit, "style");
  struct Case {
    const char* name;
    ReviewVerdict verdict;
    double score;
    std::vector<Finding> findings;
    ReviewEffect effect;
    std::string open, nits;
  };
  using Verdict = ReviewVerdict;
  using Effect = ReviewEffect;
  const std::vector<Case> cases = {
      {"approved", Verdict::approve, 0.9, {}, Effect::accept, "", ""},
      {"approved at the threshold", Verdict::approve, 0.7, {small}, Effect::accept, "", "n"},
      {"approved below it", Verdict::approve, 0.69, {}, Effect::revise, "", ""},
      {"approved with a proven finding", Verdict::approve, 0.9, {proven}, Effect::accept, "p", ""},
      {"revise, proven", Verdict::revise, 0.2, {proven, small}, Effect::revise, "p", "n"},
      {"revise, no evidence", Verdict::revise, 0.2, {bare}, Effect::accept, "", "b"},
      {"revise, nits only", Verdict::revise, 0.9, {small}, Effect::accept, "", "n"},
      {"revise, one of two proven", Verdict::revise, 0.9, {bare, proven}, Effect::revise, "p", "b"},
      {"escalate, proven", Verdict::escalate, 0, {proven}, Effect::escalate, "p", ""},
      {"escalate, no evidence", Verdict::escalate, 0, {bare}, Effect::revise, "", "b"},
      {"replan", Verdict::replan, 0, {}, Effect::replan, "", ""},
  };
  for (const auto& one : cases) {
    INFO(std::string(one.name));
    const auto ruling = rule({one.verdict, one.score, one.findings, ""}, {}, {});
    CHECK(ruling.effect == one.effect);
    CHECK(ids(ruling.open) == one.open);
    CHECK(ids(ruling.nits) == one.nits);
    for (const auto& open : ruling.open) CHECK(open.severity == blocking);
    for (const auto& small_one : ruling.nits) CHECK(small_one.severity == nit);
  }
}

TEST_CASE("the threshold can be an action's own") {
  ReviewConfig config;
  config.accept_score = 0.5;
  config.accept_by_action = {{"docs", 0.3}};
  ReviewRound round;
  const Review review{ReviewVerdict::approve, 0.4, {}, ""};
  CHECK(rule(review, round, config).effect == ReviewEffect::revise);
  round.action = "docs";
  CHECK(rule(review, round, config).effect == ReviewEffect::accept);
}

TEST_CASE("an adaptive threshold asks for more where no check proves the change") {
  ReviewConfig config;
  config.adaptive = true;
  for (const auto& [proven, score, effect] :
       std::vector<std::tuple<bool, double, ReviewEffect>>{{true, 0.6, ReviewEffect::accept},
                                                           {true, 0.59, ReviewEffect::revise},
                                                           {false, 0.79, ReviewEffect::revise},
                                                           {false, 0.8, ReviewEffect::accept}}) {
    ReviewRound round;
    round.proven = proven;
    CHECK(rule({ReviewVerdict::approve, score, {}, ""}, round, config).effect == effect);
  }
}

TEST_CASE("later rounds only re-check open ids and changed lines") {
  ReviewRound round;
  round.round = 2;
  round.open = {finding("f1", blocking, "shown before")};
  round.changed = {{"a.py", {10, 11}}};
  struct Case {
    const char* name;
    Finding given;
    ReviewEffect effect;
    std::string open;
  };
  using Effect = ReviewEffect;
  const std::vector<Case> cases = {
      {"still open", finding("f1", blocking, "again", "other.py", 1), Effect::revise, "f1"},
      {"still open, evidence as before", finding("f1", blocking, "", "other.py", 1), Effect::revise,
       "f1"},
      {"now a nit", finding("f1", nit, "again"), Effect::accept, ""},
      {"new, on a changed line", finding("f2", blocking, "shown", "a.py", 11), Effect::revise,
       "f2"},
      {"new, on a line that did not change", finding("f2", blocking, "shown", "a.py", 12),
       Effect::accept, ""},
      {"new, in a file that did not change", finding("f2", blocking, "shown", "b.py", 10),
       Effect::accept, ""},
      {"new, without a line", finding("f2", blocking, "shown", "a.py", 0), Effect::accept, ""},
      {"new, changed line, no evidence", finding("f2", blocking, "", "a.py", 10), Effect::accept,
       ""},
  };
  for (const auto& one : cases) {
    INFO(std::string(one.name));
    const auto ruling = rule({ReviewVerdict::revise, 0.1, {one.given}, ""}, round, {});
    CHECK(ruling.effect == one.effect);
    CHECK(ids(ruling.open) == one.open);
    CHECK(ruling.open.size() + ruling.nits.size() == 1);
  }
  const auto kept =
      rule({ReviewVerdict::revise, 0.1, {finding("f1", blocking, "")}, ""}, round, {});
  CHECK(kept.open[0].evidence == "shown before");
}

}  // namespace
}  // namespace mixagent
