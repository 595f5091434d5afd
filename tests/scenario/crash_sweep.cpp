// Simulated crashes: crash_sweep PROGRAM STORY.toml [EVERY]. Plays the story's first command to its
// end, then, for every (EVERY-th) prefix of its journal, cut at a line's end and in the middle of a
// line, puts the world back to that moment and resumes. Each time the run must reach the same
// files, pay for no recorded answer again, and count all that was paid. The story's replies must
// fit again and again (times = 0).

#include "base/text.h"
#include "scenario/judge.h"
#include "support/child_process.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace mixagent {

namespace fs = std::filesystem;

namespace {

void put_back(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::create_directories(to.parent_path());
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
}

double recorded_usd(const std::vector<std::string>& lines) {
  double usd = 0;
  for (const std::string& line : lines) {
    const auto json = parse_json(line);
    if (json && json->contains("usd") && string_or(*json, "type").rfind("call.", 0) == 0) {
      usd += (*json)["usd"].get<double>();
    }
  }
  return usd;
}

// Calls that began and have no end: billed at their reserved worst case.
double open_usd(const std::vector<std::string>& lines) {
  std::map<std::string, double> open;
  for (const std::string& line : lines) {
    const auto json = parse_json(line);
    if (!json) continue;
    const std::string type = string_or(*json, "type"), key = string_or(*json, "key");
    if (type == "call.started") open[key] = member(*json, "reserved_usd").get<double>();
    if (type == "call.completed" || type == "call.failed") open.erase(key);
  }
  double usd = 0;
  for (const auto& [key, reserved] : open) usd += reserved;
  return usd;
}

int count_of(const std::vector<std::string>& lines, const std::string& type) {
  return static_cast<int>(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find("\"type\":\"" + type + "\"") != std::string::npos;
  }));
}

class Sweep {
 public:
  Sweep(const std::string& program, Story story)
      : program_(fs::absolute(program)),
        story_(std::move(story)),
        server_(settings()),
        stage_(story_, server_.port()) {}

  int go(int every) {
    put_back(stage_.repository(), saved("before"));
    const int exit = command(story_.runs[0].args);
    if (exit != story_.runs[0].exit) {
      std::printf("FAILED %s: exit code %d before any crash\n%s", story_.name.c_str(), exit,
                  slurp(stage_.root() / "err").c_str());
      return 1;
    }
    put_back(stage_.repository(), saved("after"));
    put_back(stage_.state(), saved("state"));
    calls_ = static_cast<int>(server_.requests().size());
    wanted_ = files_only(stage_.fingerprint());
    journal_ = fs::relative(find_journal(stage_.state()), stage_.state());
    lines_ = split_lines(slurp(stage_.state() / journal_));
    int failed = 0;
    for (std::size_t keep = 1; keep <= lines_.size(); keep += static_cast<std::size_t>(every)) {
      failed += crash_after(keep, false) ? 0 : 1;
      if (keep < lines_.size()) failed += crash_after(keep, true) ? 0 : 1;
    }
    std::printf("%s %s: %zu facts, %d crashes of them lead elsewhere\n",
                failed == 0 ? "ok" : "FAILED", story_.name.c_str(), lines_.size(), failed);
    return failed == 0 ? 0 : 1;
  }

 private:
  ModelServer::Settings settings() const {
    ModelServer::Settings settings;
    settings.script = story_.replies;
    settings.prices = standing_prices(story_.config);
    settings.key = test_key;
    return settings;
  }
  fs::path saved(const std::string& name) const { return stage_.root() / "saved" / name; }

  static Fingerprint files_only(Fingerprint print) {
    std::erase_if(print, [](const auto& entry) { return entry.first.rfind("file ", 0) != 0; });
    return print;
  }

  static fs::path find_journal(const fs::path& below) {
    for (const auto& entry : fs::recursive_directory_iterator(below)) {
      if (entry.path().filename() == "events.jsonl") return entry.path();
    }
    return {};
  }

  int command(const Texts& arguments) {
    ChildSpec spec;
    spec.argv = {program_};
    for (const std::string& argument : arguments) spec.argv.push_back(stage_.fill(argument));
    spec.cwd = stage_.repository();
    spec.env = stage_.environment(story_, story_.runs[0]);
    spec.output = stage_.root() / "out";
    spec.errors = stage_.root() / "err";
    Child child(spec);
    return child.wait(std::chrono::seconds(60)).value_or(-1);
  }

  // The journal as it was after `keep` facts, and with `torn` a piece of the next one.
  bool crash_after(std::size_t keep, bool torn) {
    const std::vector<std::string> kept(lines_.begin(),
                                        lines_.begin() + static_cast<std::ptrdiff_t>(keep));
    put_back(saved("state"), stage_.state());
    const bool delivered = std::any_of(kept.begin(), kept.end(), [](const std::string& line) {
      return line.find("\"type\":\"change.applied\"") != std::string::npos &&
             line.find("\"how\":\"working tree\"") != std::string::npos;
    });
    put_back(saved(delivered ? "after" : "before"), stage_.repository());
    std::string text = join(kept, "\n") + "\n";
    if (torn) text += lines_[keep].substr(0, lines_[keep].size() / 2);
    spill(stage_.state() / journal_, text);

    const auto requests_before = server_.requests().size();
    const double spent_before = server_.spent_usd();
    const int exit = command({"resume", "--last", "--output-format", "json"});
    const auto calls = static_cast<int>(server_.requests().size() - requests_before);
    std::vector<std::string> unmet;
    if (exit != story_.runs[0].exit) unmet.push_back("exit code " + std::to_string(exit));
    if (files_only(stage_.fingerprint()) != wanted_) unmet.push_back("other files");
    const int recorded = count_of(kept, "call.completed");
    if (calls > calls_ - recorded) {
      unmet.push_back(std::to_string(calls) + " calls, " + std::to_string(recorded) + " of " +
                      std::to_string(calls_) + " were recorded");
    }
    const auto result = parse_json(trim(slurp(stage_.root() / "out")));
    const double told = result ? json_at(*result, "total_cost_usd").get<double>() : -1;
    const double paid = recorded_usd(kept) + (server_.spent_usd() - spent_before);
    if (told < paid - 1e-9 || told > paid + open_usd(kept) + 1e-9) {
      unmet.push_back("total_cost_usd " + std::to_string(told) + ", paid " + std::to_string(paid));
    }
    if (unmet.empty()) return true;
    std::printf("after %zu facts%s (%s): %s\n%s", keep, torn ? " and a torn one" : "",
                clip(kept.back(), 160).c_str(), join(unmet, ", ").c_str(),
                clip(slurp(stage_.root() / "err"), 2000).c_str());
    return false;
  }

  const std::string program_;
  const Story story_;
  ModelServer server_;
  Stage stage_;
  Fingerprint wanted_;
  fs::path journal_;
  std::vector<std::string> lines_;
  int calls_ = 0;
};

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s PROGRAM STORY.toml [EVERY]\n", argv[0]);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const auto story = mixagent::read_story(argv[2]);
  if (!story) {
    std::printf("FAILED %s\n", mixagent::describe(story.error()).c_str());
    return 1;
  }
  return mixagent::Sweep(argv[1], *story).go(argc > 3 ? std::max(1, std::atoi(argv[3])) : 1);
}
