#include "support/fake_clock.h"
#include "support/memory_journal.h"

#include "mixagent/journal.h"

#include <doctest/doctest.h>

#include <string>

using namespace mixagent;

namespace {

struct Counted {
  int runs = 0;
  std::function<Result<std::string>()> effect(std::string value) {
    return [this, value = std::move(value)]() -> Result<std::string> {
      ++runs;
      return value;
    };
  }
};

}  // namespace

TEST_CASE("an effect happens once, and its value is given again") {
  FakeClock clock;
  MemoryJournal journal(clock);
  Counted counted;
  CHECK(journal.once("check:1", "h", counted.effect("passed")) == "passed");
  CHECK(journal.once("check:1", "h", counted.effect("other")) == "passed");
  CHECK(counted.runs == 1);
  CHECK(journal.once("check:2", "h", counted.effect("again")) == "again");
  CHECK(counted.runs == 2);
  const auto facts = journal.all<EffectCompleted>();
  REQUIRE(facts.size() == 2);
  CHECK(facts[0].key == "check:1");
  CHECK(facts[0].hash == "h");
  CHECK(journal.get({facts[0].value}) == "passed");
}

TEST_CASE("the same key for something else is an error, not a reuse") {
  FakeClock clock;
  MemoryJournal journal(clock);
  Counted counted;
  REQUIRE(journal.once("k", "one", counted.effect("v")));
  const auto other = journal.once("k", "two", counted.effect("v"));
  REQUIRE_FALSE(other);
  CHECK(other.error().code == ErrorCode::corrupt);
  CHECK(counted.runs == 1);
}

TEST_CASE("a failed effect is not recorded and may be tried again") {
  FakeClock clock;
  MemoryJournal journal(clock);
  const auto failed = journal.once(
      "k", "h", [] { return Result<std::string>(fail(ErrorCode::process, "no bash")); });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().what == "no bash");
  CHECK(journal.events().empty());
  Counted counted;
  CHECK(journal.once("k", "h", counted.effect("v")) == "v");
}

TEST_CASE("a value that cannot be written down is an error") {
  FakeClock clock;
  MemoryJournal journal(clock);
  journal.full_after(0);
  Counted counted;
  const auto value = journal.once("k", "h", counted.effect("v"));
  REQUIRE_FALSE(value);
  CHECK(value.error().code == ErrorCode::io);
}
