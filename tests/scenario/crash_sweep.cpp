// Simulated crashes: crash_sweep PROGRAM STORY.toml [EVERY [OFFSET]]. Plays the story to its end,
// then, for every (EVERY-th, from the OFFSET-th) prefix of its journal, cut at a line's end and in
// the middle of a line, puts the world back to that moment and resumes. Each time the run must
// reach the same files, do nothing recorded again, and count all that was paid.

#include "base/text.h"
#include "scenario/crash_stage.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace mixagent {

namespace fs = std::filesystem;

namespace {

class Sweep {
 public:
  Sweep(const std::string& program, Story story) : world_(program, std::move(story)) {}

  int go(std::size_t every, std::size_t offset) {
    const char* const name = world_.story().name.c_str();
    put_back(world_.stage().repository(), world_.saved("before"));
    if (!world_.play()) return 1;
    put_back(world_.stage().repository(), world_.saved("after"));
    put_back(world_.stage().state(), world_.saved("state"));
    calls_ = static_cast<int>(world_.server().requests().size());
    wanted_ = world_.files();
    journal_ = fs::relative(world_.journal(), world_.stage().state());
    lines_ = world_.journal_lines();
    int failed = 0, crashes = 0;
    for (std::size_t keep = 1 + offset; keep <= lines_.size(); keep += every) {
      for (const bool torn : {false, true}) {
        if (torn && keep == lines_.size()) continue;
        failed += crash_after(keep, torn) ? 0 : 1;
        ++crashes;
      }
    }
    std::printf("%s %s: %zu facts, %d crashes, %d lead elsewhere\n", failed == 0 ? "ok" : "FAILED",
                name, lines_.size(), crashes, failed);
    return failed == 0 ? 0 : 1;
  }

 private:
  static bool delivered(const std::vector<std::string>& lines) {
    return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
      return line.find("\"type\":\"change.applied\"") != std::string::npos &&
             line.find("\"how\":\"working tree\"") != std::string::npos;
    });
  }

  // The journal as it was after `keep` facts, and with `torn` a piece of the next one.
  bool crash_after(std::size_t keep, bool torn) {
    const std::vector<std::string> kept(lines_.begin(),
                                        lines_.begin() + static_cast<std::ptrdiff_t>(keep));
    put_back(world_.saved("state"), world_.stage().state());
    put_back(world_.saved(delivered(kept) ? "after" : "before"), world_.stage().repository());
    std::string text = join(kept, "\n") + "\n";
    if (torn) text += lines_[keep].substr(0, lines_[keep].size() / 2);
    spill(world_.stage().state() / journal_, text);

    const auto requests_before = world_.server().requests().size();
    const double spent_before = world_.server().spent_usd();
    const int exit = world_.command(world_.resume());
    const auto calls = static_cast<int>(world_.server().requests().size() - requests_before);
    std::vector<std::string> unmet;
    if (exit != world_.wanted_exit()) unmet.push_back("exit code " + std::to_string(exit));
    if (world_.files() != wanted_) unmet.push_back("other files");
    const int recorded = count_of(kept, "call.completed");
    if (calls > calls_ - recorded) {
      unmet.push_back(std::to_string(calls) + " calls, " + std::to_string(recorded) + " of " +
                      std::to_string(calls_) + " were recorded");
    }
    for (const std::string& key : done_twice(world_.journal_lines())) {
      unmet.push_back("done twice: " + key);
    }
    const double told = world_.told_usd();
    const double paid = recorded_usd(kept) + (world_.server().spent_usd() - spent_before);
    if (told < paid - 1e-9 || told > paid + open_calls(kept).usd + 1e-9) {
      unmet.push_back("total_cost_usd " + std::to_string(told) + ", paid " + std::to_string(paid));
    }
    if (unmet.empty()) return true;
    std::printf("after %zu facts%s (%s): %s\n%s", keep, torn ? " and a torn one" : "",
                clip(kept.back(), 160).c_str(), join(unmet, ", ").c_str(),
                clip(slurp(world_.stage().root() / "err"), 2000).c_str());
    return false;
  }

  CrashStage world_;
  Fingerprint wanted_;
  fs::path journal_;
  std::vector<std::string> lines_;
  int calls_ = 0;
};

std::size_t number(int argc, char** argv, int index, int least) {
  return static_cast<std::size_t>(argc > index ? std::max(least, std::atoi(argv[index])) : least);
}

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s PROGRAM STORY.toml [EVERY [OFFSET]]\n", argv[0]);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const auto story = mixagent::read_story(argv[2]);
  if (!story) {
    std::printf("FAILED %s\n", mixagent::describe(story.error()).c_str());
    return 1;
  }
  return mixagent::Sweep(argv[1], *story)
      .go(mixagent::number(argc, argv, 3, 1), mixagent::number(argc, argv, 4, 0));
}
