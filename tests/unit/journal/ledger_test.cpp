#include "journal/ledger.h"

#include "journal/journal_file.h"
#include "journal/run_index.h"
#include "support/fake_clock.h"
#include "support/temp_repo.h"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

namespace mixagent {
namespace {

template <class T>
T value_of(Result<T> result) {
  REQUIRE_MESSAGE(result, describe(result.error()));
  return *std::move(result);
}

constexpr std::int64_t day_ms = 86'400'000;

// A step solved by a worker's one call, with two edits of which one did not apply, beside a planner
// that could not be reached once and was billed another time.
std::vector<Event> run_of(const std::string& id, std::int64_t at_ms, bool ended = true) {
  RunStarted started;
  started.goal = "goal of " + id;
  started.repository = "/work/shop";
  started.user = "ann";
  CallCompleted call;
  call.key = "k";
  call.seat = "worker";
  call.model = "cheap";
  call.provider = "p";
  call.step = "s1";
  call.attempt = 1;
  call.usage.input = 100;
  call.usage.output = 10;
  call.cost = Money{2'000};
  call.ms = 5;
  CallFailed failed;
  failed.key = "f";
  failed.seat = "planner";
  failed.model = "dear";
  failed.cost = Money{500};
  CallFailed free = failed;
  free.cost = Money{};
  std::vector<Fact> facts = {started, AttemptStarted{"s1", 1, 0, "worker", "cheap"}, call};
  for (const bool ok : {true, false})
    facts.push_back(ToolCompleted{"s1", "worker", 1, "edit_file", ok, 1, "a"});
  for (const Fact& fact :
       std::vector<Fact>{AttemptCompleted{"s1", 1, 0, "worker", "cheap", "accepted", "", ""},
                         StepCompleted{"s1", StepStatus::verified, "", ""}, failed, free})
    facts.push_back(fact);
  if (ended) {
    RunCompleted completed;
    completed.result.subtype = "success";
    completed.result.exit_code = 0;
    completed.result.verified = Verified::partial;
    facts.push_back(completed);
  }
  std::vector<Event> events;
  for (Fact& fact : facts) {
    const bool last = ended && events.size() + 1 == facts.size();
    events.push_back({static_cast<std::int64_t>(events.size()) + 1,
                      at_ms + (last ? 1000 : 0),
                      {id},
                      std::move(fact)});
  }
  return events;
}

struct LedgerFixture {
  TempDir dir;
  FakeClock clock;
  std::filesystem::path file = dir.path() / "state/ledger.db";
  std::int64_t now() { return clock.wall_ms(); }
};

std::optional<Money> cents(std::int64_t n) {
  return Money{n * pico_per_usd / 100};
}
// Holds `n` cents when that leaves the day under ten.
std::int64_t hold_cents(Ledger& ledger, std::int64_t n) {
  return ledger.hold([n](const SharedSpend& all) {
    return all.today + *cents(n) <= *cents(10) ? cents(n) : std::nullopt;
  });
}

TEST_CASE("what all runs spent today and this month") {
  LedgerFixture f;
  Ledger ledger(f.file, f.clock, RunId{"own"});
  CHECK(ledger.spend().today == Money{});
  REQUIRE(ledger.record(run_of("other", f.now())));
  REQUIRE(ledger.record(run_of("own", f.now())));
  REQUIRE(ledger.record(run_of("older", f.now() - 40 * day_ms)));
  CHECK(ledger.spend().today == Money{5'000});
  CHECK(ledger.spend().month == Money{5'000});
  REQUIRE(ledger.record(run_of("other", f.now())));  // again: replaced, not added
  CHECK(ledger.spend().today == Money{5'000});
  CHECK(ledger.trouble().empty());
  struct stat status {};
  REQUIRE(::stat(f.file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("holds count for everybody until they are settled") {
  LedgerFixture f;
  Ledger one(f.file, f.clock, RunId{"one"}), two(f.file, f.clock, RunId{"two"});
  const auto first = hold_cents(one, 7);
  CHECK(first != 0);
  CHECK(two.spend().today == *cents(7));
  CHECK(two.spend().open == *cents(7));
  CHECK(hold_cents(two, 4) == 0);
  CHECK(one.settle(first, *cents(2)).today == *cents(2));
  const auto second = hold_cents(two, 8);
  CHECK(second != 0);
  CHECK(hold_cents(one, 1) == 0);
  CHECK(two.settle(second, *cents(9)).today == *cents(11));
  CHECK(two.spend().open == Money{});
}

TEST_CASE("recording a run takes the place of what it held") {
  LedgerFixture f;
  Ledger ledger(f.file, f.clock, RunId{"own"});
  CHECK(ledger.settle(hold_cents(ledger, 7), *cents(7)).today == *cents(7));
  REQUIRE(ledger.record(run_of("own", f.now())));
  CHECK(ledger.spend().today == Money{2'500});
}

TEST_CASE("what a dead process held counts, but nobody waits for it") {
  LedgerFixture f;
  Ledger ledger(f.file, f.clock, RunId{"own"});
  REQUIRE(ledger.spend().today == Money{});
  auto database = value_of(Database::open(f.file));
  const auto insert = [&](const std::string& owner, std::int64_t lease) {
    REQUIRE(database.execute("INSERT INTO holds(run, owner, pico, open, lease, at) VALUES('x', '" +
                             owner + "', 5, 1, " + std::to_string(lease) + ", " +
                             std::to_string(f.now()) + ")"));
  };
  insert("elsewhere 1 1", f.now() - 1);  // its lease is over
  CHECK_FALSE(ledger.spend().open_elsewhere);
  CHECK(ledger.spend().today == Money{5});
  insert("elsewhere 1 1", f.now() + 1000);
  CHECK(ledger.spend().open_elsewhere);
  CHECK(ledger.spend().open == Money{5});
  CHECK(ledger.spend().today == Money{10});
}

TEST_CASE("rows of runs, and statistics by seat and model") {
  LedgerFixture f;
  Ledger ledger(f.file, f.clock);
  REQUIRE(ledger.record(run_of("a", f.now() - 1000)));
  REQUIRE(ledger.record(run_of("b", f.now(), false)));
  const auto runs = value_of(ledger.runs());
  const LedgerRun a = {"a",       "/work/shop", "ann",          "goal of a",
                       "success", "partial",    f.now() - 1000, f.now(),
                       0,         Money{2'500}, Money{500}};
  const LedgerRun b = {"b", "/work/shop", "ann",        "goal of b", "", "", f.now(),
                       0,   -1,           Money{2'500}, Money{500}};
  CHECK(runs == std::vector<LedgerRun>{b, a});
  LedgerStats worker;
  worker.name = "worker";
  worker.part = "cheap";
  worker.tries = 2;
  worker.usage.input = 200;
  worker.usage.output = 20;
  worker.cost = Money{4'000};
  worker.p50_ms = worker.p95_ms = worker.p99_ms = 5;
  worker.attempts = worker.accepted = 2;
  worker.edits = 4;
  worker.edits_bad = 2;
  worker.steps = worker.verified = 2;
  LedgerStats planner;
  planner.name = "planner";
  planner.part = "dear";
  planner.tries = planner.errors = 4;
  planner.cost = planner.wasted = Money{1'000};
  CHECK(value_of(ledger.stats(StatsBy::seat_model)) == std::vector<LedgerStats>{worker, planner});
  CHECK(value_of(ledger.stats(StatsBy::seat_model, f.now() + 1)).empty());
  CHECK(value_of(ledger.edits()) == std::vector<LedgerEdits>{{"cheap", 4, 2, 0, 0}});
  const std::vector<std::pair<StatsBy, std::vector<std::string>>> names = {
      {StatsBy::seat, {"worker", "planner"}}, {StatsBy::model, {"cheap", "dear"}},
      {StatsBy::provider, {"p", ""}},         {StatsBy::action, {"code", ""}},
      {StatsBy::repository, {"/work/shop"}},  {StatsBy::user, {"ann"}},
      {StatsBy::step, {"a", "b", "a", "b"}}};
  for (const auto& [by, wanted] : names) {
    std::vector<std::string> got;
    Money cost;
    for (const auto& row : value_of(ledger.stats(by))) {
      got.push_back(row.name);
      cost += row.cost;
    }
    CHECK(got == wanted);
    CHECK(cost == Money{5'000});
  }
}

TEST_CASE("what calls count in tokens, and what a fallback cost, is kept") {
  LedgerFixture f;
  Ledger ledger(f.file, f.clock);
  auto events = run_of("a", f.now());
  CallCompleted done;
  done.model = "cheap";
  done.usage.input = 100;
  done.usage.reported = true;
  done.shape = {90, 0, 2};
  CallFailedOver over;
  over.from = "down";
  over.cost = Money{70};
  events.push_back({10, f.now(), {"a"}, done});
  events.push_back({11, f.now(), {"a"}, over});
  for (int times = 0; times < 2; ++times) REQUIRE(ledger.record(events));
  CHECK(value_of(ledger.token_samples()) == TokenSamples{{"cheap", {{{90, 0, 2}, 100}}}});
  CHECK(ledger.spend().today == Money{2'570});
}

TEST_CASE("latencies are the nearest rank") {
  LedgerFixture f;
  Ledger ledger(f.file, f.clock);
  std::vector<Event> events = {{1, f.now(), {"a"}, RunStarted{}}};
  for (int i = 1; i <= 200; ++i) {
    CallCompleted call;
    call.key = std::to_string(i);
    call.seat = "worker";
    call.ms = i;
    events.push_back({i + 1, f.now(), {"a"}, call});
  }
  REQUIRE(ledger.record(events));
  const auto rows = value_of(ledger.stats(StatsBy::seat));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].p50_ms == 100);
  CHECK(rows[0].p95_ms == 190);
  CHECK(rows[0].p99_ms == 198);
}

TEST_CASE("it follows the journals, is rebuilt from them, and unreadable ones are named") {
  LedgerFixture f;
  const auto runs = f.dir.path() / "runs";
  const auto write = [&](const std::string& id) {
    auto journal = value_of(create_journal(runs / id, RunId{id}, f.clock, {}));
    for (auto& event : run_of(id, f.now())) REQUIRE(journal->append(event.fact));
  };
  write("r1");
  write("r2");
  // As a killed process leaves it.
  for (const char* id : {"r1", "r2"}) write_test_file(runs / id / "lock", "999999999\n");
  write_test_file(runs / "bad/events.jsonl", "nonsense\n");
  Ledger ledger(f.file, f.clock);
  REQUIRE(ledger.record(run_of("gone", f.now())));
  const std::vector<std::filesystem::path> places = {runs / "r1", runs / "r2", runs / "bad"};
  const auto unreadable = value_of(ledger.refresh(places));
  REQUIRE(unreadable.size() == 1);
  CHECK(unreadable[0].code == ErrorCode::corrupt);
  CHECK(value_of(ledger.runs()).size() == 3);
  CHECK(ledger.spend().today == Money{7'500});
  CHECK(value_of(ledger.refresh({runs / "r1"})).empty());
  CHECK(value_of(ledger.rebuild(places)).size() == 1);
  CHECK(value_of(ledger.runs()).size() == 2);
  CHECK(ledger.spend().today == Money{5'000});
  // A run that somebody works on is left to its own process.
  write_test_file(runs / "r2/lock", std::to_string(::getpid()) + "\n");
  CHECK(value_of(ledger.rebuild(places)).size() == 1);
  CHECK(value_of(ledger.runs()).size() == 1);
}

TEST_CASE("rebuilt from the journals it says what it said live, by every dimension") {
  LedgerFixture f;
  const auto runs = f.dir.path() / "runs";
  std::vector<std::filesystem::path> places;
  for (const char* id : {"r1", "r2"}) {
    Ledger live(f.file, f.clock, RunId{id});
    auto journal = value_of(create_journal(runs / id, RunId{id}, f.clock, {}));
    for (auto& event : run_of(id, f.now())) {
      f.clock.advance(100);
      if (std::holds_alternative<CallCompleted>(event.fact)) {
        const auto held = live.hold([](const SharedSpend&) { return Money{9'000}; });
        live.settle(held, Money{2'000});
      }
      REQUIRE(journal->append(event.fact));
    }
    REQUIRE(live.record(journal->events()));
    places.push_back(runs / id);
  }
  Ledger live(f.file, f.clock);
  Ledger rebuilt(f.dir.path() / "other/ledger.db", f.clock);
  for (const auto& place : places) write_test_file(place / "lock", "999999999\n");
  CHECK(value_of(rebuilt.rebuild(places)).empty());
  CHECK(value_of(rebuilt.runs()) == value_of(live.runs()));
  CHECK(rebuilt.spend().today == live.spend().today);
  for (std::size_t by = 0; by < enum_names(StatsBy{}).size(); ++by) {
    CAPTURE(enum_names(StatsBy{})[by]);
    const auto rows = value_of(live.stats(static_cast<StatsBy>(by)));
    CHECK(!rows.empty());
    CHECK(value_of(rebuilt.stats(static_cast<StatsBy>(by))) == rows);
  }
}

TEST_CASE("how models count and edit: the latest samples in order, edits by the attempt's model") {
  LedgerFixture on;
  Ledger ledger(on.file, on.clock);
  CHECK(ledger.token_samples("cheap").empty());
  CHECK(ledger.edits("cheap") == EditCount{});

  CallCompleted call;
  call.model = "cheap";
  call.usage.reported = true;
  const auto sample = [&](std::int64_t text, std::int64_t input) {
    call.shape = {text, 10, 3};
    call.usage.input = input;
    return Fact{call};
  };
  CallCompleted unmeasured = call;
  unmeasured.usage.input = 9;
  const std::vector<Fact> facts = {AttemptStarted{"s1", 1, 0, "worker", "cheap"},
                                   AttemptStarted{"s2", 1, 0, "worker", "other"},
                                   sample(100, 120),
                                   EditApplied{"s1", "a", "exact"},
                                   unmeasured,
                                   EditApplied{"s1", "a", "tolerant"},
                                   sample(200, 230),
                                   EditApplied{"s1", "b", "replaced"},
                                   EditRejected{"s2", "a", "not found", true},
                                   EditRejected{"s1", "a", "protected", false},
                                   EditRejected{"s1", "a", "not found", true},
                                   AttemptStarted{"s1", 2, 1, "worker", "other"},
                                   EditApplied{"s1", "a", "exact"}};
  const auto run = [&](const std::string& id, std::int64_t at_ms) {
    std::vector<Event> events;
    for (const Fact& fact : facts) {
      events.push_back({static_cast<std::int64_t>(events.size()) + 1, at_ms, {id}, fact});
    }
    return events;
  };
  for (int again = 0; again < 2; ++again) REQUIRE(ledger.record(run("r1", on.now())));
  CHECK(ledger.token_samples("cheap") ==
        std::vector<TokenSample>{{{100, 10, 3}, 120}, {{200, 10, 3}, 230}});
  CHECK(ledger.edits("cheap") == EditCount{2, 1});
  CHECK(ledger.edits("other") == EditCount{1, 1});
  for (int i = 2; i < 60; ++i) {
    REQUIRE(ledger.record(run("r" + std::to_string(i), on.now() + i)));
  }
  CHECK(ledger.token_samples("cheap").size() == 60);
  CHECK(ledger.edits("cheap") == EditCount{100, 50});
  CHECK(ledger.trouble().empty());
}

TEST_CASE("a broken or locked database never fails a run: this process is counted") {
  LedgerFixture f;
  SUBCASE("broken") {
    write_test_file(f.file, std::string(8192, 'x'));
  }
  SUBCASE("a folder in its place") {
    std::filesystem::create_directories(f.file);
  }
  SUBCASE("folder that cannot be") {
    write_test_file(f.dir.path() / "file", "");
    f.file = f.dir.path() / "file/ledger.db";
  }
  Ledger ledger(f.file, f.clock);
  CHECK(ledger.spend().today == Money{});
  CHECK_FALSE(ledger.trouble().empty());
  CHECK_FALSE(ledger.record(run_of("a", f.now())));
  const auto hold = hold_cents(ledger, 6);
  CHECK(hold != 0);
  CHECK(hold_cents(ledger, 6) == 0);
  CHECK(ledger.settle(hold, *cents(3)).today == *cents(3));
  CHECK(hold_cents(ledger, 6) != 0);
}

TEST_CASE("nothing is created before it is needed, and two processes share it") {
  LedgerFixture f;
  Ledger one(f.file, f.clock), two(f.file, f.clock);
  CHECK_FALSE(std::filesystem::exists(f.file));
  REQUIRE(one.record(run_of("a", f.now())));
  REQUIRE(two.record(run_of("b", f.now())));
  CHECK(one.spend().today == Money{5'000});
  CHECK(two.spend().today == Money{5'000});
}

}  // namespace
}  // namespace mixagent
