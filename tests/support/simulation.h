#pragma once
// Whole runs of the engine over models that are right by chance: in memory, in milliseconds, the
// same for the same seed. A goal of `steps` parts is reached when every file out/N.txt says
// "right"; checks and reviewers may err about it. What it proves is the mechanics (costs add up,
// caps hold, no rung is skipped without a reason), not what real models are worth.

#include "mixagent/config.h"
#include "mixagent/event.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mixagent {

struct SimulatedWorker {
  std::string name;
  int tier = 1;
  std::int64_t usd = 1;  // per 1,000,000 tokens of input; output is four times that
  double low = 0.9, medium = 0.7, high = 0.5;  // chance of being right, by difficulty
};

struct SimulatedWorld {
  std::uint64_t seed = 1;
  Lane lane = Lane::plan;
  int steps = 3, jobs = 1;
  bool chained = false;  // every step depends on the one before
  std::vector<SimulatedWorker> ladder = {{"small", 1, 1, 0.8, 0.6, 0.3},
                                         {"middle", 2, 3, 0.9, 0.8, 0.6},
                                         {"large", 3, 10, 0.97, 0.93, 0.85}};
  // Of the rest, how much is not simply wrong work.
  double lazy = 0.1, malformed = 0.1, refusing = 0.05;
  double check_false_accept = 0, check_false_reject = 0;
  double review_false_accept = 0.1, review_false_reject = 0.1;
  // Calls whose stream is cut, that fail for good, and whose usage nobody reports.
  double cut = 0, failing = 0, unreported = 0;
  BudgetConfig budget;
  Money spent_elsewhere;  // today, by other runs
};

struct SimulatedRun {
  RunResult result;
  std::vector<Event> events;
  bool right = false;               // every part is
  Money billed;                     // by the price table, as the provider would count it
  std::vector<std::string> faults;  // broken mechanics, in words; empty when all is well
};

SimulatedRun simulate(const SimulatedWorld& world);
// The journal as its file would be.
std::string journal_text(const std::vector<Event>& events);

}  // namespace mixagent
