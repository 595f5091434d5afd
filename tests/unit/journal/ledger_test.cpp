#include "journal/ledger.h"

#include "journal/journal_file.h"
#include "journal/run_index.h"
#include "support/fake_clock.h"
#include "support/temp_repo.h"

#include <doctest/doctest.h>

#include <sys/stat.h>

namespace mixagent {
namespace {

template <class T>
T value_of(Result<T> result) {
  REQUIRE_MESSAGE(result, describe(result.error()));
  return *std::move(result);
}

constexpr std::int64_t day_ms = 86'400'000;

std::vector<Event> run_of(const std::string& id, std::int64_t at_ms, bool ended = true) {
  RunStarted started;
  started.goal = "goal of " + id;
  started.repository = "/work/shop";
  CallCompleted call;
  call.seat = "worker";
  call.model = "cheap";
  call.provider = "p";
  call.usage.input = 100;
  call.usage.output = 10;
  call.cost = Money{2'000};
  call.ms = 5;
  CallFailed failed;
  failed.seat = "planner";
  failed.model = "dear";
  failed.cost = Money{500};
  CallFailed free = failed;
  free.cost = Money{};
  std::vector<Event> events = {{1, at_ms, {id}, started},
                               {2, at_ms, {id}, call},
                               {3, at_ms, {id}, failed},
                               {4, at_ms, {id}, free}};
  if (ended) {
    RunCompleted completed;
    completed.result.exit_code = 0;
    completed.result.verified = Verified::partial;
    events.push_back({5, at_ms + 1000, {id}, completed});
  }
  return events;
}

struct LedgerFixture {
  TempDir dir;
  FakeClock clock;
  std::filesystem::path file = dir.path() / "state/ledger.db";
  std::int64_t now() { return clock.wall_ms(); }
};

TEST_CASE("what other runs spent today and this month") {
  LedgerFixture f;
  Ledger ledger(f.file, f.clock, RunId{"own"});
  CHECK(ledger.spent_today() == Money{});
  REQUIRE(ledger.record(run_of("other", f.now())));
  REQUIRE(ledger.record(run_of("own", f.now())));
  REQUIRE(ledger.record(run_of("older", f.now() - 40 * day_ms)));
  CHECK(ledger.spent_today() == Money{2'500});
  CHECK(ledger.spent_this_month() == Money{2'500});
  REQUIRE(ledger.record(run_of("other", f.now())));  // again: replaced, not added
  CHECK(ledger.spent_today() == Money{2'500});
  CHECK(ledger.trouble().empty());
  struct stat status {};
  REQUIRE(::stat(f.file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("rows of runs and models") {
  LedgerFixture f;
  Ledger ledger(f.file, f.clock);
  REQUIRE(ledger.record(run_of("a", f.now() - 1000)));
  REQUIRE(ledger.record(run_of("b", f.now(), false)));
  const auto runs = value_of(ledger.runs());
  const LedgerRun a = {"a", "/work/shop", "goal of a", "partial", f.now() - 1000, f.now(),
                       0,   Money{2'500}};
  const LedgerRun b = {"b", "/work/shop", "goal of b", "", f.now(), 0, -1, Money{2'500}};
  CHECK(runs == std::vector<LedgerRun>{b, a});
  const LedgerModel worker = {"worker", "cheap", "p", 2, 200, 20, 0, 10, Money{4'000}};
  const LedgerModel planner = {"planner", "dear", "", 2, 0, 0, 0, 0, Money{1'000}};
  CHECK(value_of(ledger.models()) == std::vector<LedgerModel>{worker, planner});
  CHECK(value_of(ledger.models(f.now() + 1)).empty());
}

TEST_CASE("what calls count in tokens, and what a fallback cost, is kept") {
  LedgerFixture f;
  Ledger ledger(f.file, f.clock);
  auto events = run_of("a", f.now());
  CallStarted started;
  started.key = "k";
  started.prompt_bytes = 400;
  CallCompleted done;
  done.key = "k";
  done.model = "cheap";
  done.usage.input = 100;
  done.usage.reported = true;
  CallFailedOver over;
  over.from = "down";
  over.cost = Money{70};
  events.push_back({6, f.now(), {"a"}, started});
  events.push_back({7, f.now(), {"a"}, done});
  events.push_back({8, f.now(), {"a"}, over});
  for (int times = 0; times < 2; ++times) REQUIRE(ledger.record(events));
  CHECK(value_of(ledger.token_samples()) == std::vector<TokenSample>{{"cheap", 400, 100}});
  CHECK(ledger.spent_today() == Money{2'570});
}

TEST_CASE("it is rebuilt from journals, and unreadable ones are named") {
  LedgerFixture f;
  const auto runs = f.dir.path() / "runs";
  for (const char* id : {"r1", "r2"}) {
    auto journal = value_of(create_journal(runs / id, RunId{id}, f.clock, {}));
    for (auto& event : run_of(id, f.now())) REQUIRE(journal->append(event.fact));
  }
  write_test_file(runs / "bad/events.jsonl", "nonsense\n");
  Ledger ledger(f.file, f.clock);
  REQUIRE(ledger.record(run_of("forgotten", f.now())));
  const auto unreadable = value_of(ledger.rebuild({runs / "r1", runs / "r2", runs / "bad"}));
  REQUIRE(unreadable.size() == 1);
  CHECK(unreadable[0].code == ErrorCode::corrupt);
  CHECK(value_of(ledger.runs()).size() == 2);
  CHECK(ledger.spent_today() == Money{5'000});
}

TEST_CASE("a broken or locked database never fails a run") {
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
  CHECK(ledger.spent_today() == Money{});
  CHECK_FALSE(ledger.trouble().empty());
  CHECK_FALSE(ledger.record(run_of("a", f.now())));
}

TEST_CASE("nothing is created before it is needed, and two processes share it") {
  LedgerFixture f;
  Ledger one(f.file, f.clock), two(f.file, f.clock);
  CHECK_FALSE(std::filesystem::exists(f.file));
  REQUIRE(one.record(run_of("a", f.now())));
  REQUIRE(two.record(run_of("b", f.now())));
  CHECK(one.spent_today() == Money{5'000});
  CHECK(two.spent_today() == Money{5'000});
}

}  // namespace
}  // namespace mixagent
