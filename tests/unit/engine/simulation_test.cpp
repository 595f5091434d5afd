// Mechanics over chance: a few seeds here, a thousand by bench_simulate.

#include "support/simulation.h"

#include "base/text.h"

#include <doctest/doctest.h>

using namespace mixagent;

namespace {

SimulatedWorld world(std::uint64_t seed, Lane lane) {
  SimulatedWorld w;
  w.seed = seed;
  w.lane = lane;
  w.steps = 1 + static_cast<int>(seed % 5);
  w.jobs = 1 + static_cast<int>(seed % 4);
  w.chained = seed % 3 == 0;
  w.budget.run = Money{2 * pico_per_usd};
  w.budget.step = Money{1 * pico_per_usd};
  return w;
}

}  // namespace

TEST_CASE("by lane: costs add up, caps hold, rungs are climbed for a reason") {
  for (const Lane lane : {Lane::automatic, Lane::solo, Lane::plan}) {
    int reached = 0, right = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const SimulatedRun run = simulate(world(seed, lane));
      CHECK_MESSAGE(run.faults.empty(), join(run.faults, "\n"));
      if (run.result.subtype != "success") continue;
      ++reached;
      right += run.right ? 1 : 0;
    }
    // With checks that never err, what is called reached is right.
    CHECK(right == reached);
    CHECK(reached > 10);
  }
}

TEST_CASE("models that are always right never climb; ones that never are end at exit 3") {
  SimulatedWorld good = world(7, Lane::plan);
  for (SimulatedWorker& worker : good.ladder) worker.low = worker.medium = worker.high = 1;
  const SimulatedRun fine = simulate(good);
  CHECK(fine.result.subtype == "success");
  CHECK(fine.result.escalations == 0);
  CHECK(fine.right);

  SimulatedWorld bad = world(7, Lane::solo);
  for (SimulatedWorker& worker : bad.ladder) worker.low = worker.medium = worker.high = 0;
  const SimulatedRun hopeless = simulate(bad);
  CHECK(hopeless.result.exit_code == 3);
  const auto& seats = hopeless.result.cost_by_seat;
  const auto planner = seats.find("planner");  // asked once the ladder had ended
  CHECK(planner != seats.end());
  if (planner != seats.end()) {
    CHECK((hopeless.result.wasted + planner->second) == hopeless.result.total_cost);
  }
  CHECK_MESSAGE(hopeless.faults.empty(), join(hopeless.faults, "\n"));
}

TEST_CASE("checks that err: some of what is called reached is wrong, and nothing else breaks") {
  int wrong = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SimulatedWorld w = world(seed, Lane::solo);
    w.check_false_accept = 0.5;
    const SimulatedRun run = simulate(w);
    CHECK_MESSAGE(run.faults.empty(), join(run.faults, "\n"));
    if (run.result.subtype == "success" && !run.right) ++wrong;
  }
  CHECK(wrong > 0);
}

TEST_CASE("with one job, two runs of a seed write the same journal, byte by byte") {
  for (const Lane lane : {Lane::automatic, Lane::solo, Lane::plan}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      SimulatedWorld w = world(seed, lane);
      w.jobs = 1;
      w.cut = w.unreported = 0.1;
      const std::string first = journal_text(simulate(w).events);
      CHECK(first == journal_text(simulate(w).events));
      w.seed += 1000;
      CHECK(first != journal_text(simulate(w).events));
    }
  }
}
