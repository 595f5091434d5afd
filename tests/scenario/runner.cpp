// Plays stories: scenario_runner PROGRAM STORY.toml[:DIALECT]... Exit status 0 when all of them
// hold. A story that names dialects is played in each of them, or in the one after the colon.
// MIXAGENT_KEEP=1 keeps the folders they played in.

#include "base/text.h"
#include "scenario/judge.h"
#include "support/child_process.h"

#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <sys/wait.h>
#include <thread>

namespace mixagent {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds longest_command{90};
constexpr int no_sandbox = 8;    // mixagent's exit code
constexpr int skip_status = 77;  // ours, as CMakeLists.txt tells ctest

// Carries out what a command's [[during]] tables ask for, on the server's threads.
class Events {
 public:
  void begin(const StoryRun& run, const Child& child, const Stage& stage, int requests_so_far) {
    const std::lock_guard lock(mutex_);
    run_ = &run;
    child_ = &child;
    stage_ = &stage;
    before_ = requests_so_far;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    run_ = nullptr;
    later_.clear();
  }
  void on_request(const ServerRequest& request) {
    bool signalled = false;
    {
      const std::lock_guard lock(mutex_);
      if (run_ == nullptr) return;
      for (const During& during : run_->during) {
        if (request.number - before_ != during.after_calls) continue;
        for (const auto& [path, text] : during.write) {
          spill(stage_->repository() / path, stage_->fill(text));
        }
        if (during.later_ms > 0) {
          signal_later(during.signal, milliseconds(during.later_ms));
          continue;
        }
        for (int i = 0; during.signal != 0 && i < during.times; ++i) {
          if (i > 0) std::this_thread::sleep_for(milliseconds(100));
          child_->signal(during.signal);
          signalled = true;
        }
      }
    }
    // The answer comes late enough for the signal to be what the command sees first.
    if (signalled) std::this_thread::sleep_for(seconds(2));
  }

 private:
  // The child lives until `end`, which waits for these threads.
  void signal_later(int number, milliseconds wait) {
    later_.emplace_back([child = child_, number, wait](const std::stop_token& stop) {
      const auto until = std::chrono::steady_clock::now() + wait;
      while (!stop.stop_requested() && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(milliseconds(10));
      }
      if (!stop.stop_requested()) child->signal(number);
    });
  }

  std::mutex mutex_;
  std::vector<std::jthread> later_;
  const StoryRun* run_ = nullptr;
  const Child* child_ = nullptr;
  const Stage* stage_ = nullptr;
  int before_ = 0;
};

Json result_in(const std::string& output) {
  Json result;
  for (const std::string& line : split_lines(output)) {
    auto json = parse_json(line);
    if (json && json->is_object() && string_or(*json, "type") == "result") result = *json;
  }
  return result;
}

class Play {
 public:
  Play(const std::string& program, Story story)
      : program_(std::filesystem::absolute(program)), story_(std::move(story)) {
    ModelServer::Settings settings;
    settings.script = story_.replies;
    settings.prices = standing_prices(story_.config);
    settings.key = test_key;
    settings.on_request = [this](const ServerRequest& request) { events_.on_request(request); };
    server_ = std::make_unique<ModelServer>(std::move(settings));
    stage_ = std::make_unique<Stage>(story_, server_->port());
  }

  // Not empty: this machine cannot isolate commands, and the story was not played.
  const std::string& skipped() const { return skipped_; }

  // Lines about what does not hold.
  std::vector<std::string> act() {
    std::vector<std::string> unmet;
    for (const StoryRun& run : story_.runs) {
      const Outcome outcome = perform(run);
      if (outcome.exit == no_sandbox && run.exit != no_sandbox) {
        skipped_ = outcome.err;
        return {};
      }
      const auto missed = judge(run, outcome, *stage_);
      for (const std::string& line : missed) unmet.push_back(join(run.args, " ") + ": " + line);
      if (!missed.empty()) show(run, outcome);
      if (!outcome.journal.empty()) {
        stage_->know("{RUN}", string_or(outcome.journal.front(), "run_id"));
      }
    }
    for (auto& line : judge_requests(story_.requests, server_->requests(), *stage_)) {
      unmet.push_back(std::move(line));
    }
    for (const std::string& fault : server_->faults()) unmet.push_back("server: " + fault);
    for (const std::string& reply : server_->unused()) unmet.push_back("never asked for: " + reply);
    for (const std::string& key :
         {std::string(test_key),
          story_.env.count("TEST_KEY") != 0 ? story_.env.at("TEST_KEY") : test_key}) {
      for (const std::string& file : stage_->files_with(key)) {
        unmet.push_back("the key is in the file " + file);
      }
    }
    return unmet;
  }

 private:
  Outcome perform(const StoryRun& run) {
    Outcome outcome;
    for (const auto& [path, text] : run.first) {
      spill(stage_->repository() / path, stage_->fill(text));
    }
    outcome.before = stage_->fingerprint();
    const auto requests_before = server_->requests().size();
    ChildSpec spec;
    spec.argv = {program_};
    for (const std::string& argument : run.args) spec.argv.push_back(stage_->fill(argument));
    spec.cwd = stage_->repository() / run.cwd;
    spec.env = stage_->environment(story_, run);
    spec.output = stage_->root() / "out";
    spec.errors = stage_->root() / "err";
    if (run.has_input) {
      spec.input = stage_->root() / "in";
      spill(spec.input, stage_->fill(run.input));
    }
    {
      Child child(spec);
      events_.begin(run, child, *stage_, static_cast<int>(requests_before));
      const auto status = child.wait(longest_command);
      events_.end();
      outcome.ended = status.has_value();
      outcome.exit = status.value_or(-1);
    }
    outcome.left_running = left_running(seconds(5));
    outcome.out = slurp(spec.output);
    outcome.err = slurp(spec.errors);
    outcome.result = result_in(outcome.out);
    outcome.journal = stage_->newest_journal();
    outcome.after = stage_->fingerprint();
    outcome.all_requests = server_->requests();
    outcome.requests.assign(
        outcome.all_requests.begin() + static_cast<std::ptrdiff_t>(requests_before),
        outcome.all_requests.end());
    outcome.most_open = server_->most_open();
    return outcome;
  }

  void show(const StoryRun& run, const Outcome& outcome) const {
    std::printf("--- %s %s\n", story_.name.c_str(), join(run.args, " ").c_str());
    std::printf("--- standard output\n%s\n--- standard error\n%s\n--- events\n",
                clip_middle(outcome.out, 8000).c_str(), clip_middle(outcome.err, 8000).c_str());
    for (const Json& event : outcome.journal) {
      std::printf("%s\n", clip(dump_json(event), 600).c_str());
    }
  }

  const std::string program_;
  const Story story_;
  std::string skipped_;
  Events events_;
  std::unique_ptr<ModelServer> server_;
  std::unique_ptr<Stage> stage_;
};

enum class Verdict { holds, fails, skipped };

Verdict play(const std::string& program, const Story& story) {
  Play play(program, story);
  const auto unmet = play.act();
  if (!play.skipped().empty()) {
    std::printf("SKIPPED: %s: %s\n", story.name.c_str(), play.skipped().c_str());
    return Verdict::skipped;
  }
  std::printf("%s %s: %s\n", unmet.empty() ? "ok" : "FAILED", story.name.c_str(),
              story.about.c_str());
  for (const std::string& line : unmet) std::printf("  %s\n", line.c_str());
  return unmet.empty() ? Verdict::holds : Verdict::fails;
}

// "stories/x.toml:gemini" -> the file and the dialect; without one, the story's own list.
Result<std::vector<Story>> stories_of(const std::string& argument) {
  const auto colon = argument.rfind(".toml:");
  const bool one = colon != std::string::npos;
  MIX_TRY(const Story story, read_story(one ? argument.substr(0, colon + 5) : argument));
  const Texts dialects = one ? Texts{argument.substr(colon + 6)} : story.dialects;
  if (dialects.empty()) return std::vector<Story>{story};
  std::vector<Story> stories;
  for (const std::string& dialect : dialects) stories.push_back(in_dialect(story, dialect));
  return stories;
}

int play_all(const std::vector<std::string>& arguments) {
  int failed = 0, skipped = 0;
  adopt_orphans();
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const auto stories = stories_of(arguments[i]);
    if (!stories) {
      std::printf("FAILED %s\n", describe(stories.error()).c_str());
      ++failed;
      continue;
    }
    for (const Story& story : *stories) {
      const Verdict verdict = play(arguments[0], story);
      failed += verdict == Verdict::fails ? 1 : 0;
      skipped += verdict == Verdict::skipped ? 1 : 0;
    }
  }
  return failed > 0 ? 1 : skipped > 0 ? skip_status : 0;
}

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s PROGRAM STORY.toml[:DIALECT]...\n", argv[0]);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  return mixagent::play_all({argv + 1, argv + argc});
}
