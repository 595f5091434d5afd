#include "view/words.h"

#include <doctest/doctest.h>

using namespace mixagent;

namespace {

CheckRecord record(std::optional<int> before, int after, CheckOrigin origin = CheckOrigin::user) {
  CheckRecord check;
  check.command = "make test";
  check.baseline_exit_code = before;
  check.exit_code = after;
  check.origin = origin;
  return check;
}

CheckRecord flaky(CheckRecord check) {
  check.flaky = true;
  return check;
}

CheckRecord unusable(std::string why) {
  CheckRecord check = record(std::nullopt, 127);
  check.unusable = true;
  check.why = std::move(why);
  return check;
}

}  // namespace

TEST_CASE("before and after") {
  struct Case {
    CheckRecord check;
    const char* text;
  };
  const Case cases[] = {
      {record(1, 0), "fails (exit 1) → passes"},
      {record(0, 0), "passes → passes"},
      {record(0, 2), "passes → fails (exit 2)"},
      {record(std::nullopt, 0), "not run → passes"},
      {flaky(record(0, 0)), "passes → passes (flaky)"},
      {unusable("npm: not found"), "cannot run: npm: not found"},
      {unusable(""), "cannot run"},
      {unusable("\x1b[31m"), "cannot run: \\x1b[31m"},
  };
  for (const Case& c : cases) CHECK(before_and_after(c.check) == c.text);
}

TEST_CASE("verified is explained by the checks themselves") {
  struct Case {
    Verified verified;
    std::vector<CheckRecord> checks;
    const char* part;
  };
  const Case cases[] = {
      {Verified::full, {record(0, 0), record(1, 0)}, "`make test` failed before and passes now"},
      {Verified::full, {record(0, 0)}, "every check that passed before still passes"},
      {Verified::partial, {record(0, 0)}, "no check failed before and passes now"},
      {Verified::partial, {flaky(record(1, 0))}, "flaky"},
      {Verified::partial, {record(1, 0, CheckOrigin::planner)}, "named by models only"},
      {Verified::partial, {record(1, 0)}, "the change also edits tests"},
      {Verified::none, {}, "no usable check"},
      {Verified::none, {unusable("x")}, "no usable check"},
      {Verified::none, {record(0, 1)}, "`make test` does not pass"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.part);
    CHECK(explain_verified(c.verified, c.checks).find(c.part) != std::string::npos);
  }
}

TEST_CASE("figures") {
  CHECK(percent(1, 3) == "33 %");
  CHECK(percent(2, 3) == "67 %");
  CHECK(percent(1, 0) == "");
  CHECK(saving_factor(Money{pico_per_usd}, Money{pico_per_usd * 39 / 10}) == "3.9 times as much");
  CHECK(saving_factor(Money{}, Money{pico_per_usd}) == "");
  CHECK(saving_factor(Money{pico_per_usd}, Money{}) == "");
}
