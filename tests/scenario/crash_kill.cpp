// Real crashes: crash_kill PROGRAM STORY.toml KILLS [SEED]. Plays the story once to know its calls,
// its length and its facts, then again and again from the beginning, with kill -9 at random moments
// of the run and of its resumption, until so many processes were killed. Each time the run must
// reach the same files; the server's own count says that no recorded answer was paid again, and its
// own bill that no money was told lower than it was.
//
// Half of the moments are random in time, half are random among the facts: the process is killed
// within some milliseconds of a fact, so that what takes no time is hit as well. Models think for a
// while, so that calls are hit. Where the kills land is counted: the process is stopped first.

#include "base/text.h"
#include "scenario/crash_stage.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

namespace mixagent {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int thinking_ms = 400;     // of a model
constexpr unsigned after_fact = 25;  // milliseconds

Story with_thought(Story story) {
  for (Reply& reply : story.replies) reply.delay_ms += thinking_ms;
  return story;
}

// Is a command in the sandbox a child of the process?
bool runs_command(pid_t pid) {
  std::error_code none;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks, none)) {
    std::ifstream list(task.path() / "children");
    for (std::string child; list >> child;) {
      const std::string name = slurp("/proc/" + child + "/comm");
      if (name.rfind("bwrap", 0) == 0 || name.rfind("mixagent-init", 0) == 0) return true;
    }
  }
  return false;
}

class Killer {
 public:
  Killer(const std::string& program, Story story, unsigned seed)
      : world_(program, with_thought(std::move(story))), random_(seed) {}

  int go(int kills) {
    put_back(world_.stage().repository(), world_.saved("before"));
    const auto begun = steady_clock::now();
    if (!world_.play()) return 1;
    length_ = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun);
    facts_ = world_.journal_lines().size();
    calls_ = static_cast<int>(world_.server().requests().size());
    wanted_ = world_.files();
    int runs = 0, failed = 0;
    while (killed_ < kills) {
      ++runs;
      failed += one_run(kills) ? 0 : 1;
    }
    std::printf(
        "%s %s: %d processes killed in %d runs of %d calls; %d calls were under way and asked "
        "again at most, %d were; %d runs ended elsewhere\n",
        failed == 0 ? "ok" : "FAILED", world_.story().name.c_str(), killed_, runs, calls_,
        open_in_all_, again_in_all_, failed);
    std::printf("   landed");
    for (const auto& [where, count] : landed_) std::printf(" · %s %d", where.c_str(), count);
    std::printf("\n");
    return failed == 0 ? 0 : 1;
  }

 private:
  // Killed one to three times, then left to its end.
  bool one_run(int kills) {
    std::filesystem::remove_all(world_.stage().state());
    put_back(world_.saved("before"), world_.stage().repository());
    const auto requests_before = world_.server().requests().size();
    const double spent_before = world_.server().spent_usd();
    const int times = 1 + static_cast<int>(random_() % 3);
    int exit = -1;
    bool begun = false, told = false;
    for (int time = 0; time < times && killed_ < kills && !told; ++time) {
      const auto child = world_.start(begun ? world_.resume() : world_.story().runs[0].args);
      wait_for_the_moment(*child);
      child->signal(SIGSTOP);
      const std::string where = place_of(*child);
      child->signal(SIGKILL);
      exit = child->wait(std::chrono::seconds(20)).value_or(-1);
      told = exit != 128 + SIGKILL;  // it was faster
      if (!told) {
        ++killed_;
        ++landed_[where];
      }
      begun = begun || !world_.journal_lines().empty();
    }
    if (!begun) exit = world_.command(world_.story().runs[0].args);
    if ((begun && !told) || world_.story().runs.size() > 1) exit = world_.command(world_.resume());
    return judge(exit, static_cast<int>(world_.server().requests().size() - requests_before),
                 world_.server().spent_usd() - spent_before);
  }

  bool judge(int exit, int calls, double billed) {
    const auto lines = world_.journal_lines();
    const OpenCalls open = open_calls(lines);
    std::vector<std::string> unmet;
    if (exit != world_.wanted_exit()) unmet.push_back("exit code " + std::to_string(exit));
    if (world_.files() != wanted_) unmet.push_back("other files");
    if (calls > calls_ + open.count) {
      unmet.push_back(std::to_string(calls) + " calls instead of " + std::to_string(calls_) +
                      ", and only " + std::to_string(open.count) + " were under way");
    }
    for (const std::string& key : done_twice(lines)) unmet.push_back("done twice: " + key);
    const double told = world_.told_usd();
    if (told < billed - 1e-9 || told > billed + open.usd + 1e-9) {
      unmet.push_back("total_cost_usd " + std::to_string(told) + ", billed " +
                      std::to_string(billed));
    }
    open_in_all_ += open.count;
    again_in_all_ += std::max(0, calls - calls_);
    if (unmet.empty()) return true;
    std::printf("kill %d: %s\n%s", killed_, join(unmet, ", ").c_str(),
                clip(slurp(world_.stage().root() / "err"), 2000).c_str());
    return false;
  }

  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % std::max(end, 1U)); }

  void wait_for_the_moment(Child& child) {
    if (below(2) == 0)
      return std::this_thread::sleep_for(
          milliseconds(below(static_cast<unsigned>(length_.count()))));
    const std::size_t fact = 1 + below(static_cast<unsigned>(facts_));
    const auto last = steady_clock::now() + length_ * 2;
    while (world_.journal_lines().size() < fact && steady_clock::now() < last &&
           !child.wait(milliseconds(1))) {
    }
    std::this_thread::sleep_for(milliseconds(below(after_fact)));
  }

  // What a stopped process is doing: by its journal, and by its children.
  std::string place_of(const Child& child) const {
    const bool in_command = runs_command(child.pid());
    const auto lines = world_.journal_lines();
    if (lines.empty()) return "before the first fact";
    const auto last = parse_json(lines.back());
    const std::string fact = last ? string_or(*last, "type") : "";
    const bool delivering = fact == "change.applied" && string_or(*last, "how") == "started";
    if (delivering) return "in the delivery";
    if (count_of(lines, "run.completed") > 0 && fact == "run.completed") return "after the end";
    if (open_now(lines) > 0) return in_command ? "in calls and commands" : "in a call";
    if (in_command) return "in a command";
    return "between, after " + fact;
  }

  CrashStage world_;
  std::mt19937 random_;
  milliseconds length_{0};
  std::size_t facts_ = 0;
  Fingerprint wanted_;
  std::map<std::string, int> landed_;
  int calls_ = 0, killed_ = 0, open_in_all_ = 0, again_in_all_ = 0;
};

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s PROGRAM STORY.toml KILLS [SEED]\n", argv[0]);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  mixagent::adopt_orphans();  // a delivery outlives its killed parent
  const auto story = mixagent::read_story(argv[2]);
  if (!story) {
    std::printf("FAILED %s\n", mixagent::describe(story.error()).c_str());
    return 1;
  }
  const unsigned seed = argc > 4 ? static_cast<unsigned>(std::atoi(argv[4])) : 1;
  return mixagent::Killer(argv[1], *story, seed).go(std::atoi(argv[3]));
}
