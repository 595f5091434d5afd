#include "scenario/crash_stage.h"

#include "base/text.h"
#include "scenario/judge.h"

#include <algorithm>
#include <cstdio>
#include <set>

namespace mixagent {

namespace fs = std::filesystem;

CrashStage::CrashStage(const std::string& program, Story story)
    : program_(fs::absolute(program)),
      story_(std::move(story)),
      server_(settings()),
      stage_(story_, server_.port()) {}

ModelServer::Settings CrashStage::settings() const {
  ModelServer::Settings settings;
  settings.script = story_.replies;
  settings.prices = standing_prices(story_.config);
  settings.key = test_key;
  return settings;
}

std::unique_ptr<Child> CrashStage::start(const Texts& arguments) const {
  ChildSpec spec;
  spec.argv = {program_};
  for (const std::string& argument : arguments) spec.argv.push_back(stage_.fill(argument));
  spec.cwd = stage_.repository();
  spec.env = stage_.environment(story_, story_.runs[0]);
  spec.output = stage_.root() / "out";
  spec.errors = stage_.root() / "err";
  return std::make_unique<Child>(spec);
}

int CrashStage::command(const Texts& arguments) const {
  return start(arguments)->wait(std::chrono::seconds(60)).value_or(-1);
}

Texts CrashStage::resume() const {
  const Texts& last = story_.runs.back().args;
  return last[0] == "resume" ? last : Texts{"resume", "--last", "--output-format", "json"};
}

bool CrashStage::play() {
  for (const StoryRun& run : story_.runs) {
    const int exit = command(run.args);
    if (exit == run.exit) continue;
    std::printf("FAILED %s: exit code %d before any crash\n%s%s", story_.name.c_str(), exit,
                slurp(stage_.root() / "err").c_str(), join(server_.faults(), "\n").c_str());
    return false;
  }
  return true;
}

Fingerprint CrashStage::files() const {
  Fingerprint print = stage_.fingerprint();
  std::erase_if(print, [](const auto& entry) { return entry.first.rfind("file ", 0) != 0; });
  return print;
}

fs::path CrashStage::saved(const std::string& name) const {
  return stage_.root() / "saved" / name;
}

// The longest: a process killed at once leaves an empty one.
fs::path CrashStage::journal() const {
  std::error_code none;
  fs::path longest;
  for (const auto& entry : fs::recursive_directory_iterator(stage_.state(), none)) {
    if (entry.path().filename() != "events.jsonl") continue;
    if (longest.empty() || fs::file_size(entry.path()) > fs::file_size(longest))
      longest = entry.path();
  }
  return longest;
}

std::vector<std::string> CrashStage::journal_lines() const {
  const std::string text = slurp(journal());
  return split_lines(text.substr(0, text.rfind('\n') + 1));  // whole lines only
}

double CrashStage::told_usd() const {
  const auto result = parse_json(trim(slurp(stage_.root() / "out")));
  if (!result) return -1;
  const Json& total = json_at(*result, "total_cost_usd");
  return total.is_number() ? total.get<double>() : -1;
}

void put_back(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::create_directories(to.parent_path());
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
}

int count_of(const std::vector<std::string>& lines, const std::string& type) {
  return static_cast<int>(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find("\"type\":\"" + type + "\"") != std::string::npos;
  }));
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

int open_now(const std::vector<std::string>& lines) {
  auto resumed = lines.end();
  while (resumed != lines.begin() &&
         resumed[-1].find("\"type\":\"run.resumed\"") == std::string::npos)
    --resumed;
  return open_calls({resumed, lines.end()}).count;
}

OpenCalls open_calls(const std::vector<std::string>& lines) {
  std::map<std::string, double> open;
  OpenCalls lost;
  for (const std::string& line : lines) {
    const auto json = parse_json(line);
    if (!json) continue;
    const std::string type = string_or(*json, "type"), key = string_or(*json, "key");
    if (type == "call.started") open[key] = member(*json, "reserved_usd").get<double>();
    if (type == "call.completed" || type == "call.failed") open.erase(key);
    // An earlier crash's: lost and booked, whatever comes of its next try.
    if (type != "run.resumed") continue;
    for (const auto& [gone, reserved] : open) lost.usd += reserved;
    lost.count += static_cast<int>(open.size());
    open.clear();
  }
  for (const auto& [key, reserved] : open) lost.usd += reserved;
  lost.count += static_cast<int>(open.size());
  return lost;
}

std::vector<std::string> done_twice(const std::vector<std::string>& lines) {
  std::set<std::string> seen;
  std::vector<std::string> twice;
  for (const std::string& line : lines) {
    const auto json = parse_json(line);
    if (!json) continue;
    const std::string type = string_or(*json, "type");
    if (type != "call.completed" && type != "effect.completed") continue;
    if (!seen.insert(string_or(*json, "key")).second) twice.push_back(string_or(*json, "key"));
  }
  return twice;
}

}  // namespace mixagent
