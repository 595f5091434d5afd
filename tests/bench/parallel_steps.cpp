// Steps side by side, two calls each: bench_parallel_steps PROGRAM [STEPS[:JOBS[:ANSWER_MS]]...].
// All of them at once, with models that answer after a second, unless it is said otherwise: the
// span from the workers' first request to their last answer would be 2.0 s if mixagent itself took
// no time. Prints two rows for each.

#include "base/text.h"
#include "bench/process_tree.h"
#include "scenario/stage.h"
#include "scenario/story.h"
#include "support/child_process.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>

namespace mixagent {

namespace {

struct Size {
  int steps = 8, jobs = 8;
  std::int64_t answer_ms = 1000;
};

Size read_size(const std::string& text) {
  const auto parts = split(text, ':');
  const auto number = [&](std::size_t at, int otherwise) {
    return at < parts.size() ? std::max(at > 1 ? 0 : 1, std::atoi(parts[at].c_str())) : otherwise;
  };
  const int steps = number(0, 8);
  return {steps, number(1, steps), number(2, 1000)};
}

ScriptCall call(const std::string& tool, const std::string& arguments) {
  return {tool, arguments};
}

Story story_of(const Size& size) {
  const int steps = size.steps;
  Story story;
  story.name = "parallel";
  story.files["start.txt"] = "many parts\n";
  Reply planner;
  planner.model = "planner-model";
  planner.place = "planner";
  std::string list;
  for (int n = 1; n <= steps; ++n) {
    const std::string id = std::to_string(n);
    list += std::string(n > 1 ? "," : "") + R"({"id":"s)" + id + R"(","instructions":"Make part )" +
            id + R"(: done","files":{"create":["p)" + id +
            R"(.txt"]},"checks":[{"command":"grep -q done p)" + id + R"(.txt"}]})";
    Reply read, write;
    read.model = write.model = "worker-small";
    read.match = write.match = "Make part " + id + ": done";
    read.delay_ms = write.delay_ms = size.answer_ms;
    read.place = "read " + id;
    write.place = "write " + id;
    read.calls = {call("read_file", R"({"path":"start.txt"})")};
    write.calls = {call("write_file", R"({"path":"p)" + id + R"(.txt","content":"done\n"})"),
                   call("finish", R"({"summary":"done"})")};
    story.replies.push_back(read);
    story.replies.push_back(write);
  }
  planner.calls = {
      call("submit_plan", R"({"decision":"plan","reason":"parts","steps":[)" + list + "]}")};
  story.replies.push_back(planner);
  StoryRun run;
  run.args = {"run",         "Make all parts",    "--lane", "plan",
              "--check",     "test -e start.txt", "--jobs", std::to_string(size.jobs),
              "--no-review", "--output-format",   "json"};
  story.runs.push_back(run);
  return story;
}

double cpu_of_children_s() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto s = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return s(usage.ru_utime) + s(usage.ru_stime);
}

bool bench(const std::string& program, const Size& size, bool memory) {
  const Story story = story_of(size);
  ModelServer::Settings settings;
  settings.script = story.replies;
  settings.key = test_key;
  settings.prices = standing_prices(story.config);
  ModelServer server(std::move(settings));
  Stage stage(story, server.port());
  ChildSpec spec;
  spec.argv = {program};
  spec.argv.insert(spec.argv.end(), story.runs[0].args.begin(), story.runs[0].args.end());
  spec.cwd = stage.repository();
  spec.env = stage.environment(story, story.runs[0]);
  spec.output = stage.root() / "out";
  spec.errors = stage.root() / "err";
  const double cpu = cpu_of_children_s();
  std::int64_t pss_kb = 0;
  {
    Child child(spec);
    while (memory && !child.wait(std::chrono::milliseconds(20)))
      pss_kb = std::max(pss_kb, tree_pss_kb(child.pid()));
    const int exit = child.wait(std::chrono::seconds(1800)).value_or(-1);
    if (exit != 0) {
      std::fprintf(stderr, "exit %d\n%s", exit, slurp(spec.errors).c_str());
      return false;
    }
  }
  std::int64_t first = INT64_MAX, last = 0;
  std::size_t bytes = 0;
  int calls = 0;
  for (const ServerRequest& request : server.requests()) {
    if (request.model != "worker-small") continue;
    first = std::min(first, request.arrived_us);
    last = std::max(last, request.answered_us);
    bytes += request.body.size();
    ++calls;
  }
  std::printf(
      "%3d steps, %d at once: span %6.2f s (ideal %.1f s), CPU %6.2f s, %d worker calls of about "
      "%zu "
      "tokens each, at most %d open",
      size.steps, size.jobs, static_cast<double>(last - first) / 1e6,
      2.0 * static_cast<double>(size.answer_ms) / 1e3 * ((size.steps + size.jobs - 1) / size.jobs),
      cpu_of_children_s() - cpu, calls, bytes / 4 / static_cast<std::size_t>(std::max(calls, 1)),
      server.most_open());
  if (memory) std::printf(", peak %.1f MB (PSS of the tree)", static_cast<double>(pss_kb) / 1024);
  std::printf("\n");
  return true;
}

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s PROGRAM [STEPS[:JOBS[:ANSWER_MS]]...]\n", argv[0]);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<mixagent::Size> sizes;
  for (int i = 2; i < argc; ++i) sizes.push_back(mixagent::read_size(argv[i]));
  if (sizes.empty()) sizes = {{8, 8}, {64, 64}};
  const std::string program = std::filesystem::absolute(argv[1]).string();
  for (const mixagent::Size& size : sizes) {
    // Sampling memory costs CPU: a round of its own.
    if (!mixagent::bench(program, size, false) || !mixagent::bench(program, size, true)) return 1;
  }
  return 0;
}
