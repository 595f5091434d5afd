// Where do keys go? key_hunt PROGRAM STORY.toml plays a run with two keys, one from the environment
// and one that a command prints, and looks for them all the while in the command line of every
// process and in the environment of everything below the program; afterwards in its folders and in
// what it printed.

#include "base/text.h"
#include "scenario/stage.h"
#include "support/child_process.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <set>
#include <thread>

namespace mixagent {

namespace fs = std::filesystem;

namespace {

const std::string safe_key = "sk-safe-0b7d41e6a9c25f38";
constexpr int skipped = 77, no_sandbox = 8;

bool holds_key(const std::string& text) {
  return text.find(test_key) != std::string::npos || text.find(safe_key) != std::string::npos;
}

pid_t parent_of(pid_t pid) {
  const auto stat = slurp("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');  // a name may hold anything
  return name_end == std::string::npos
             ? 0
             : std::atoi(stat.c_str() + std::min(name_end + 4, stat.size()));
}

bool is_below(pid_t pid, pid_t root) {
  for (int depth = 0; pid > 1 && depth < 64; ++depth) {
    pid = parent_of(pid);
    if (pid == root) return true;
  }
  return false;
}

// Looks again and again until told to stop.
class Watch {
 public:
  explicit Watch(pid_t program) : program_(program), thread_([this] { look(); }) {}
  ~Watch() { stop(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::set<std::string> found;
  std::set<std::string> seen;  // first words of the command lines below the program

 private:
  void look() {
    while (!stopping_) {
      for (const auto& entry : fs::directory_iterator("/proc")) {
        if (const auto pid = std::atoi(entry.path().filename().c_str()); pid > 0) look_at(pid);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  }
  void look_at(pid_t pid) {
    const std::string folder = "/proc/" + std::to_string(pid);
    const auto line = slurp(folder + "/cmdline");
    if (holds_key(line))
      found.insert("command line of " + replace_all(line, std::string(1, '\0'), " "));
    if (pid == program_ || !is_below(pid, program_)) return;
    seen.insert(line.substr(0, line.find('\0')));
    // The user's own command that prints a key has the user's own environment.
    if (line.find("safe/key") != std::string::npos) return;
    // Between fork and exec a child is its parent.
    const auto program_line = slurp("/proc/" + std::to_string(program_) + "/cmdline");
    if (line != program_line && holds_key(slurp(folder + "/environ"))) {
      // Again: it may have become what it is only just now.
      if (slurp(folder + "/cmdline") == line) found.insert("environment of " + line.substr(0, 100));
    }
  }

  const pid_t program_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

int hunt(const std::string& program, Story story) {
  ModelServer::Settings settings;
  settings.script = story.replies;
  settings.key = test_key;
  auto safe_settings = settings;
  safe_settings.key = safe_key;
  const auto of = [](ModelServer::Settings& some, const std::string& model) {
    std::erase_if(some.script, [&](const Reply& reply) { return reply.model != model; });
  };
  of(settings, "worker-small");
  of(safe_settings, "planner-model");
  ModelServer server(std::move(settings)), safe(std::move(safe_settings));
  story.config_text = replace_all(story.config_text, "{SAFE_PORT}", std::to_string(safe.port()));
  for (auto& [path, text] : story.outside) text = replace_all(text, "{SAFE_KEY}", safe_key);
  Stage stage(story, server.port());

  ChildSpec spec;
  spec.argv = {fs::absolute(program)};
  for (const std::string& argument : story.runs[0].args) spec.argv.push_back(stage.fill(argument));
  spec.cwd = stage.repository();
  spec.env = stage.environment(story, story.runs[0]);
  spec.output = stage.root() / "out";
  spec.errors = stage.root() / "err";
  Child child(spec);
  Watch watch(child.pid());
  const int exit = child.wait(std::chrono::seconds(120)).value_or(-1);
  watch.stop();
  if (exit == no_sandbox) {
    std::printf("SKIPPED: %s\n", slurp(spec.errors).c_str());
    return skipped;
  }

  std::vector<std::string> unmet(watch.found.begin(), watch.found.end());
  if (exit != story.runs[0].exit) {
    unmet.push_back("exit code " + std::to_string(exit) + "\n" + slurp(spec.errors));
  }
  for (const auto* some : {&server, &safe}) {
    if (some->requests().empty()) unmet.push_back("a server was never asked");
    for (const std::string& fault : some->faults()) unmet.push_back("server: " + fault);
  }
  for (const std::string& key : {std::string(test_key), safe_key}) {
    for (const std::string& file : stage.files_with(key)) {
      if (file != "safe/key") unmet.push_back("a key is in the file " + file);
    }
  }
  // The hunt must have seen what it hunts in.
  if (watch.seen.empty()) unmet.push_back("no process below the program was seen");
  std::printf("%s %s (%zu programs seen below it)\n", unmet.empty() ? "ok" : "FAILED",
              story.name.c_str(), watch.seen.size());
  for (const std::string& line : unmet) std::printf("  %s\n", line.c_str());
  return unmet.empty() ? 0 : 1;
}

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s PROGRAM STORY.toml\n", argv[0]);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const auto story = mixagent::read_story(argv[2]);
  if (!story) {
    std::printf("FAILED %s\n", mixagent::describe(story.error()).c_str());
    return 1;
  }
  return mixagent::hunt(argv[1], *story);
}
