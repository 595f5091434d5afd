#include "mixagent/error.h"

#include <doctest/doctest.h>

#include <csignal>
#include <set>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace mixagent;

namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::usage, "odd", "number", "give an even one");
  return number / 2;
}
Result<int> quarter(int number) {
  MIX_TRY(const int once, half(number));
  MIX_TRY(const int twice, half(once));
  return twice;
}
Result<void> check_even(int number) {
  MIX_OK(half(number));
  return {};
}

}  // namespace

TEST_CASE("errors travel up unchanged") {
  CHECK(quarter(8) == 2);
  CHECK(quarter(6).error().what == "odd");
  CHECK(check_even(2));
  CHECK(describe(check_even(3).error()) == "number: odd (give an even one)");
}

TEST_CASE("an error reads as one sentence") {
  CHECK(describe({}) == "internal");
  Error error;
  error.what = "no such run";
  CHECK(describe(error) == "no such run");
  error.hint = "see `mixagent runs`";
  CHECK(describe(error) == "no such run (see `mixagent runs`)");
}

TEST_CASE("every code has its own name") {
  std::set<std::string> names;
  const int count = static_cast<int>(ErrorCode::internal) + 1;
  for (int i = 0; i < count; ++i) names.insert(to_string(static_cast<ErrorCode>(i)));
  CHECK(names.size() == static_cast<std::size_t>(count));
  CHECK(to_string(ErrorCode::rate_limited) == std::string("rate_limited"));
}

TEST_CASE("a broken invariant of our own ends the program") {
  MIX_CHECK(true, "holds");
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    close(2);
    MIX_CHECK(1 + 1 == 3, "arithmetic");
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
}
