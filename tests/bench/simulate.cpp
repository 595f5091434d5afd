// A thousand seeded runs over models that are right by chance, by lane and ladder: bench_simulate
// [SEEDS]. Prints what became of them and every break of the mechanics; exit 1 when there is one.
// It proves accounts and transitions, it says nothing about real models.

#include "support/simulation.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace mixagent {

namespace {

struct Setting {
  const char* name;
  std::vector<SimulatedWorker> ladder;
  double check_false_accept, check_false_reject;
};

const std::vector<SimulatedWorker> three = {{"small", 1, 1, 0.8, 0.6, 0.3},
                                            {"middle", 2, 3, 0.9, 0.8, 0.6},
                                            {"large", 3, 10, 0.97, 0.93, 0.85}};
const std::vector<Setting> settings = {
    {"small > middle > large, perfect checks", three, 0, 0},
    {"small > middle > large, checks .1/.05", three, 0.1, 0.05},
    {"small > middle > large, checks .5/.05", three, 0.5, 0.05},
    {"small > large, perfect checks", {three[0], three[2]}, 0, 0},
    {"large alone, perfect checks", {three[2]}, 0, 0},
};

struct Sum {
  int runs = 0, reached = 0, right = 0, wrong = 0, escalations = 0, calls = 0, solved = 0;
  int attempts = 0;
  double usd = 0;
};

Sum sum_of(const Setting& setting, Lane lane, int seeds, int& faults) {
  Sum sum;
  for (int seed = 1; seed <= seeds; ++seed) {
    SimulatedWorld world;
    world.seed = static_cast<std::uint64_t>(seed);
    world.lane = lane;
    world.steps = 1 + seed % 5;
    world.jobs = 1 + seed % 4;
    world.chained = seed % 3 == 0;
    world.ladder = setting.ladder;
    world.check_false_accept = setting.check_false_accept;
    world.check_false_reject = setting.check_false_reject;
    world.cut = world.unreported = 0.02;
    world.budget.run = Money{5 * pico_per_usd};
    const SimulatedRun run = simulate(world);
    for (const std::string& fault : run.faults) {
      if (++faults <= 20) std::printf("BROKEN %s: %s\n", setting.name, fault.c_str());
    }
    const bool reached = run.result.subtype == "success";
    ++sum.runs;
    sum.reached += reached ? 1 : 0;
    sum.right += reached && run.right ? 1 : 0;
    sum.wrong += reached && !run.right ? 1 : 0;
    sum.escalations += run.result.escalations;
    sum.calls += run.result.model_calls;
    sum.usd += to_usd(run.result.total_cost);
    for (const StepSummary& step : run.result.steps) {
      sum.solved += step.status == StepStatus::verified ? 1 : 0;
      sum.attempts += step.attempts;
    }
  }
  return sum;
}

int bench(int seeds) {
  int faults = 0, runs = 0;
  std::printf("%-40s %-5s %6s %7s %7s %13s %11s %10s %9s\n", "ladder and checks", "lane", "runs",
              "solved", "false", "$/solved step", "escalations", "calls/run", "$/run");
  const int each = std::max(1, seeds / static_cast<int>(settings.size() * 3));
  for (const Setting& setting : settings) {
    for (const Lane lane : {Lane::automatic, Lane::solo, Lane::plan}) {
      const Sum sum = sum_of(setting, lane, each, faults);
      runs += sum.runs;
      const auto share = [](int part, int whole) {
        return whole == 0 ? 0.0 : 100.0 * part / whole;
      };
      std::printf("%-40s %-5s %6d %5.1f %% %5.1f %% %13.4f %9.1f %% %10.1f %9.4f\n", setting.name,
                  std::string(enum_name(lane)).c_str(), sum.runs, share(sum.right, sum.runs),
                  share(sum.wrong, sum.reached), sum.solved == 0 ? 0 : sum.usd / sum.solved,
                  share(sum.escalations, sum.attempts), static_cast<double>(sum.calls) / sum.runs,
                  sum.usd / sum.runs);
    }
  }
  std::printf("%d runs, %d breaks of the mechanics\n", runs, faults);
  return faults == 0 ? 0 : 1;
}

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  return mixagent::bench(argc > 1 ? std::atoi(argv[1]) : 1005);
}
