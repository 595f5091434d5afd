// What mixagent itself costs for a task of four calls (read a file, edit it, run the test, finish)
// when the model answers at once: bench_four_call PROGRAM [ROUNDS]. Prints a table of medians;
// memory is sampled in a round of its own.

#include "bench/process_tree.h"
#include "scenario/stage.h"
#include "scenario/story.h"
#include "support/child_process.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace mixagent {

namespace {

using std::chrono::milliseconds;

struct Round {
  bool ok = false;
  double wall_ms = 0, cpu_ms = 0, first_call_ms = 0, after_last_ms = 0;
  std::vector<double> between_ms;  // from an answer to the next request
  std::vector<ServerRequest> requests;
  std::int64_t peak_pss_kb = 0;
  int peak_processes = 0;
};

double cpu_of_children_ms() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

double now_ms() {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(
                                 std::chrono::steady_clock::now().time_since_epoch())
                                 .count()) /
         1e3;
}

Round play(const std::string& program, const Story& story, bool sample_memory) {
  ModelServer::Settings settings;
  settings.script = story.replies;
  settings.key = test_key;
  ModelServer server(std::move(settings));
  Stage stage(story, server.port());
  ChildSpec spec;
  spec.argv = {program};
  for (const std::string& argument : story.runs[0].args) spec.argv.push_back(stage.fill(argument));
  spec.cwd = stage.repository();
  spec.env = stage.environment(story, story.runs[0]);
  spec.output = stage.root() / "out";
  spec.errors = stage.root() / "err";

  Round round;
  const double cpu = cpu_of_children_ms(), start = now_ms();
  {
    Child child(spec);
    while (sample_memory && !child.wait(milliseconds(2))) {
      round.peak_pss_kb = std::max(round.peak_pss_kb, tree_pss_kb(child.pid()));
      round.peak_processes = std::max(round.peak_processes, tree_size(child.pid()));
    }
    round.ok = child.wait(milliseconds(60'000)) == 0;
  }
  round.wall_ms = now_ms() - start;
  round.cpu_ms = cpu_of_children_ms() - cpu;
  round.requests = server.requests();
  round.ok = round.ok && round.requests.size() == 4;
  if (!round.ok) {
    std::fprintf(stderr, "%s%s\n", slurp(spec.errors).c_str(), slurp(spec.output).c_str());
    return round;
  }
  for (std::size_t i = 1; i < round.requests.size(); ++i) {
    round.between_ms.push_back(
        static_cast<double>(round.requests[i].arrived_us - round.requests[i - 1].answered_us) /
        1e3);
  }
  round.first_call_ms = static_cast<double>(round.requests.front().arrived_us) / 1e3 - start;
  round.after_last_ms =
      start + round.wall_ms - static_cast<double>(round.requests.back().answered_us) / 1e3;
  return round;
}

double median(const std::vector<Round>& rounds, const std::function<double(const Round&)>& figure) {
  std::vector<double> figures;
  for (const Round& round : rounds) figures.push_back(figure(round));
  std::sort(figures.begin(), figures.end());
  return figures[figures.size() / 2];
}

void print_table(const std::vector<Round>& rounds, const Round& memory) {
  std::printf("%-34s %10.1f ms\n", "wall",
              median(rounds, [](const Round& round) { return round.wall_ms; }));
  std::printf("%-34s %10.1f ms\n", "CPU, children included",
              median(rounds, [](const Round& round) { return round.cpu_ms; }));
  std::printf("%-34s %10.1f ms\n", "start to first call",
              median(rounds, [](const Round& round) { return round.first_call_ms; }));
  const char* const after[] = {"after read_file", "after edit_file", "after run_command"};
  for (std::size_t i = 0; i < 3; ++i) {
    std::printf("%-34s %10.1f ms\n", after[i],
                median(rounds, [i](const Round& round) { return round.between_ms[i]; }));
  }
  std::printf("%-34s %10.1f ms\n", "last answer to exit",
              median(rounds, [](const Round& round) { return round.after_last_ms; }));
  std::printf("%-34s %10.1f MB in %d processes\n", "peak memory (PSS of the tree)",
              static_cast<double>(memory.peak_pss_kb) / 1024, memory.peak_processes);
  for (const ServerRequest& request : rounds.front().requests) {
    std::printf("request %d %25s %10zu bytes, about %zu tokens, %zu tools\n", request.number, "",
                request.body.size(), (request.body.size() + 3) / 4, request.tools.size());
  }
}

int bench(const std::string& program, int count) {
  const auto story = read_story(MIXAGENT_SOURCE_DIR "/tests/bench/four_call.toml");
  if (!story) {
    std::fprintf(stderr, "%s\n", describe(story.error()).c_str());
    return 1;
  }
  std::vector<Round> rounds;
  for (int i = 0; i < count; ++i) {
    rounds.push_back(play(program, *story, false));
    if (!rounds.back().ok) return 1;
  }
  const Round memory = play(program, *story, true);
  if (!memory.ok) return 1;
  print_table(rounds, memory);
  return 0;
}

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s PROGRAM [ROUNDS]\n", argv[0]);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 5;
  return mixagent::bench(std::filesystem::absolute(argv[1]), rounds);
}
