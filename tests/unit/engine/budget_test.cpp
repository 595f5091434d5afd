#include "engine/budget.h"

#include "base/text.h"
#include "support/fake_console.h"
#include "support/simulation.h"

#include <doctest/doctest.h>

#include <random>
#include <thread>

using namespace mixagent;

namespace {

// 0..n-1
int roll(std::mt19937& random, int n) {
  return static_cast<int>(random() % static_cast<unsigned>(n));
}

Money cents(double n) {
  return Money{static_cast<std::int64_t>(n * static_cast<double>(pico_per_usd) / 100)};
}

struct Fixture {
  BudgetConfig caps;
  FakeLedger ledger;
  std::vector<BudgetWarning> warned;
  std::optional<Budget> budget;
  Budget& open() {
    budget.emplace(caps, ledger, [this](const BudgetWarning& one) { warned.push_back(one); });
    return *budget;
  }
};

// A call of exactly so many cents.
Ask of_cents(double n) {
  return {cents(n), Money{}, 1'000, 1'000};
}
Pot pot_of(const std::string& step, const std::string& seat = "worker", bool above = false) {
  Pot pot;
  pot.step = step;
  pot.seat = seat;
  pot.above_first_rung = above;
  return pot;
}

std::string refused(Budget& budget, const Pot& pot, double n) {
  const auto made = budget.reserve(pot, of_cents(n), Cancel{});
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ErrorCode::budget);
  return made.error().what.substr(0, made.error().what.find(" leaves"));
}

}  // namespace

TEST_CASE("each cap refuses by its own name, and only what it is about") {
  Fixture f;
  f.caps.run = cents(100);
  f.caps.day = cents(300);
  f.caps.month = cents(500);
  f.caps.seats["reviewer"] = cents(10);
  f.caps.escalation_reserve = 0.3;
  Budget& budget = f.open();
  CHECK(refused(budget, pot_of("s1"), 71) == "the first rungs' share of run_usd $0.7000");
  CHECK(refused(budget, pot_of("s1", "worker", true), 101) == "the run's cap run_usd $1.0000");
  CHECK(refused(budget, pot_of("s1", "reviewer"), 11) == "the cap budget.seats.reviewer $0.1000");
  Pot capped = pot_of("s1", "worker");
  capped.step_cap = cents(50);
  CHECK(refused(budget, capped, 51) == "the step's cap step_usd $0.5000");
  f.ledger.others.today = f.ledger.others.month = cents(295);
  CHECK(refused(budget, pot_of(""), 6) == "the day's cap day_usd $3.0000");
  f.ledger.others.today = cents(0);
  f.ledger.others.month = cents(495);
  CHECK(refused(budget, pot_of(""), 6) == "the month's cap month_usd $5.0000");
  CHECK(budget.reserve(pot_of("s1", "reviewer"), of_cents(5), Cancel{}));
}

TEST_CASE("the output asked for is what the tightest cap leaves") {
  Fixture f;
  f.caps.run = cents(10);
  const Ask ask{cents(2), cents(0.001), 16'000, 4'000};
  const auto made = f.open().reserve(pot_of(""), ask, Cancel{});
  REQUIRE(made);
  CHECK(made->max_output == 8'000);
  CHECK(made->amount == cents(10));
}

TEST_CASE("warnings at 50, 80 and 95 percent, once, for each cap, and not again on resume") {
  Fixture f;
  f.caps.run = cents(100);
  f.caps.seats["worker"] = cents(50);
  f.caps.day = cents(1'000);
  f.ledger.others.today = cents(440);
  Budget& budget = f.open();
  const auto pay = [](Budget& from, double n) {
    const auto made = from.reserve(pot_of(""), of_cents(n), Cancel{});
    REQUIRE(made);
    from.settle(*made, cents(n));
  };
  const auto told = [&f] {
    std::vector<std::string> out;
    for (const auto& one : f.warned) out.push_back(one.key + " " + std::to_string(one.percent));
    f.warned.clear();
    return out;
  };
  pay(budget, 20);
  CHECK(told().empty());
  pay(budget, 10);
  CHECK(told() == std::vector<std::string>{"budget.seats.worker 50"});
  pay(budget, 20);
  CHECK(told() == std::vector<std::string>{"budget.run_usd 50", "budget.seats.worker 95"});
  f.ledger.others.today = cents(450);
  Budget& resumed = f.open();
  resumed.already_spent({cents(50), {}, {}, {{"worker", cents(45)}}});
  pay(resumed, 1);
  CHECK(told() == std::vector<std::string>{"budget.day_usd 50"});
}

TEST_CASE("what only misses because others are open waits for them") {
  Fixture f;
  f.caps.run = cents(10);
  Budget& budget = f.open();
  const auto first = budget.reserve(pot_of("s1", "worker", true), of_cents(8), Cancel{});
  REQUIRE(first);
  Result<Reservation> second = fail(ErrorCode::internal, "not asked");
  {
    const std::jthread waiting(
        [&] { second = budget.reserve(pot_of("s2", "worker", true), of_cents(8), Cancel{}); });
    budget.settle(*first, cents(1));
  }
  REQUIRE(second);
  CHECK(budget.open() == cents(8));
}

TEST_CASE("many threads: spent and open never exceed a cap together, and nothing leaks") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Fixture f;
    f.caps.run = cents(100);
    f.caps.day = cents(80);
    f.caps.seats["worker"] = cents(60);
    Budget& budget = f.open();
    {
      std::vector<std::jthread> threads;
      for (unsigned t = 0; t < 6; ++t) {
        threads.emplace_back([&budget, seed, t] {
          std::mt19937 random(seed * 100 + t);
          for (int i = 0; i < 20; ++i) {
            const double most = 1 + roll(random, 12);
            const auto made = budget.reserve(
                pot_of(t % 2 == 0 ? "" : "s" + std::to_string(t), t < 4 ? "worker" : "planner"),
                of_cents(most), Cancel{});
            if (!made) continue;
            budget.settle(*made, cents(most * roll(random, 101) / 100));
          }
        });
      }
    }
    CHECK(budget.spent() <= cents(80));
    CHECK(budget.open() == Money{});
    CHECK(f.ledger.open() == 0);
  }
}

TEST_CASE("two hundred random runs never overshoot a cap and leave nothing reserved") {
  int stopped = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const auto between = [&random](double low, double high) {
      return low + (high - low) * (static_cast<double>(roll(random, 10'000)) / 10'000);
    };
    SimulatedWorld world;
    world.seed = seed;
    world.lane = static_cast<Lane>(roll(random, 3));
    world.steps = 1 + roll(random, 5);
    world.jobs = 1 + roll(random, 4);
    for (SimulatedWorker& worker : world.ladder) worker.usd = 1 + roll(random, 12);
    world.cut = between(0, 0.2);
    world.failing = roll(random, 3) == 0 ? between(0, 0.1) : 0;
    world.unreported = between(0, 0.2);
    world.budget.run = cents(between(3, 90));
    if (roll(random, 2) == 0) world.budget.step = cents(between(3, 60));
    if (roll(random, 2) == 0) world.budget.day = cents(between(5, 100));
    if (roll(random, 3) == 0) world.budget.seats["worker"] = cents(between(3, 60));
    world.budget.escalation_reserve = between(0, 0.9);
    world.spent_elsewhere = cents(between(0, 10));
    const SimulatedRun run = simulate(world);
    CHECK_MESSAGE(run.faults.empty(), join(run.faults, "\n"));
    if (run.result.subtype == "budget") {
      ++stopped;
      CHECK(run.result.exit_code == 4);
      CHECK_FALSE(run.result.resume.empty());
    }
  }
  CHECK(stopped > 20);
  CHECK(stopped < 190);
}
