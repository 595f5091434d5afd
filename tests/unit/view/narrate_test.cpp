#include "view/narrate.h"

#include <doctest/doctest.h>

using namespace mixagent;

namespace {

std::vector<Line> lines_of(Fact fact) {
  Event event;
  event.fact = std::move(fact);
  return narrate(event);
}

CheckCompleted check_fact(std::string step, std::string phase, int exit_code) {
  CheckCompleted fact;
  fact.step = std::move(step);
  fact.phase = std::move(phase);
  fact.check.command = "pytest -q";
  fact.check.exit_code = exit_code;
  return fact;
}

AttemptCompleted attempt_fact(std::string outcome, std::string why) {
  AttemptCompleted fact;
  fact.step = "s1";
  fact.attempt = 2;
  fact.model = "cheap";
  fact.outcome = std::move(outcome);
  fact.why = std::move(why);
  return fact;
}

}  // namespace

TEST_CASE("what people should notice is a normal line") {
  using Lines = std::vector<Line>;
  CHECK(lines_of(check_fact("s1", "attempt", 1)) ==
        Lines{{Weight::normal, Mood::bad, "s1: check `pytest -q` fails (exit 1)"}});
  CHECK(lines_of(check_fact("", "final", 0)) ==
        Lines{{Weight::normal, Mood::plain, "final check `pytest -q` passes"}});
  CHECK(lines_of(attempt_fact("checks_failed", "pytest -q: exit 1")) ==
        Lines{{Weight::normal, Mood::bad,
               "s1: attempt 2 by cheap not accepted, checks failed: pytest -q: exit 1"}});
  CHECK(lines_of(LadderStopped{"s1", "middle", "the ladder ends here"}) ==
        Lines{{Weight::normal, Mood::warning,
               "s1: no further rung after middle: the ladder ends here"}});
  CHECK(lines_of(Escalated{"s1", "cheap", "middle", "checks failed"}) ==
        Lines{{Weight::normal, Mood::warning, "s1: climbs from cheap to middle: checks failed"}});
  CHECK(lines_of(StepCompleted{"s1", StepStatus::verified, "", ""}) ==
        Lines{{Weight::normal, Mood::good, "s1: verified"}});
  CHECK(lines_of(BudgetWarning{80, Money{pico_per_usd * 4 / 10}, Money{pico_per_usd / 2},
                               "budget.day_usd"}) ==
        Lines{{Weight::normal, Mood::warning,
               "80 % of the cap budget.day_usd are spent: $0.4000 of $0.5000"}});
}

TEST_CASE("what another fact says already is no line") {
  CHECK(lines_of(check_fact("", "baseline", 1)).empty());
  CHECK(lines_of(attempt_fact("accepted", "")).empty());
  CHECK(lines_of(RunCompleted{}).empty());
  ChangeApplied started;
  started.how = "started";
  CHECK(lines_of(started).empty());
}

TEST_CASE("the baseline says what each check means for the end") {
  BaselineCompleted fact;
  for (int i = 0; i < 4; ++i) {
    CheckRecord check;
    check.command = "c" + std::to_string(i);
    fact.checks.push_back(check);
  }
  fact.checks[1].exit_code = 1;
  fact.checks[2].flaky = true;
  fact.checks[3].unusable = true;
  fact.checks[3].why = "npm: not found";
  CHECK(lines_of(fact) ==
        std::vector<Line>{
            {Weight::normal, Mood::plain, "before: `c0` passes and must go on passing"},
            {Weight::normal, Mood::plain, "before: `c1` fails and must pass at the end"},
            {Weight::normal, Mood::warning, "before: `c2` is flaky and will not decide"},
            {Weight::normal, Mood::bad, "before: `c3` cannot run: npm: not found"},
        });
}

TEST_CASE("a review names its blocking findings") {
  ReviewCompleted fact;
  fact.step = "s3";
  fact.model = "judge";
  fact.review.verdict = ReviewVerdict::revise;
  fact.review.findings = {
      {"f1", Severity::blocking, "a.py", 7, "loses the last page", "run it", ""},
      {"f2", Severity::nit, "", 0, "a literal", "", ""}};
  CHECK(lines_of(fact) ==
        std::vector<Line>{
            {Weight::normal, Mood::warning, "s3: review by judge: revise"},
            {Weight::normal, Mood::warning, "  f1 blocking a.py:7 loses the last page"},
            {Weight::detail, Mood::plain, "  f2 nit  a literal"},
        });
}
