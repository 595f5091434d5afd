// Runs against a world that fails them: durability PROGRAM RUN.toml DAY.toml QUOTA.so. A full disk
// and a used-up quota at many moments, a read-only disk, folders on different disks, a run that two
// processes want, a run that goes on on another machine. Each must say so, keep the work, and go on
// from there without paying twice. What this machine does not allow (mounting in a namespace of its
// own) says SKIPPED.

#include "base/json.h"
#include "base/text.h"
#include "scenario/judge.h"
#include "scenario/stage.h"
#include "support/child_process.h"
#include "support/model_server.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace mixagent {

namespace fs = std::filesystem;

namespace {

constexpr int skipped = 77;

// One stage with its server, and commands on it.
class World {
 public:
  World(std::string program, Story story)
      : program_(std::move(program)),
        story_(std::move(story)),
        server_(settings()),
        stage_(story_, server_.port()) {}

  Stage& stage() { return stage_; }
  int calls() const { return static_cast<int>(server_.requests().size()); }
  double spent_usd() const { return server_.spent_usd(); }
  std::string said() const { return slurp(stage_.root() / "err") + slurp(stage_.root() / "out"); }

  std::unique_ptr<Child> start(const Texts& argv, const std::string& log = "") const {
    ChildSpec spec;
    for (const std::string& word : argv) spec.argv.push_back(stage_.fill(word));
    spec.cwd = directory.empty() ? stage_.repository() : directory;
    spec.env = stage_.environment(story_, story_.runs[0]);
    for (const auto& [name, value] : env) spec.env[name] = value;
    spec.output = stage_.root() / ("out" + log);
    spec.errors = stage_.root() / ("err" + log);
    return std::make_unique<Child>(spec);
  }
  Texts words(const Texts& arguments) const {
    Texts argv = {program_};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
  }
  Texts goal(const Texts& more = {}) const {
    Texts argv = words(story_.runs[0].args);
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }
  int command(const Texts& argv) const {
    return start(argv)->wait(std::chrono::seconds(60)).value_or(-1);
  }
  // In a mount namespace of its own, with an empty tmpfs of so many KiB under small/.
  int in_small(int kib, const std::string& script) const {
    const std::string small = (stage_.root() / "small").string();
    fs::create_directories(small);
    return command({"/usr/bin/unshare", "-m", "/bin/bash", "-c",
                    "mount --make-rprivate / && mount -t tmpfs -o size=" + std::to_string(kib) +
                        "k none '" + small + "' || exit 99\nsmall='" + small + "'\n" + script});
  }
  static std::string quoted(const Texts& argv) {
    std::string line;
    for (const std::string& word : argv) line += "'" + word + "' ";
    return line;
  }
  bool wait_for_calls(int wanted) const {
    for (int i = 0; i < 2000 && calls() < wanted; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return calls() >= wanted;
  }
  bool begun() const {  // a whole fact is recorded
    std::error_code none;
    for (const auto& entry : fs::recursive_directory_iterator(stage_.root() / "small", none)) {
      if (entry.path().filename() != "events.jsonl") continue;
      if (slurp(entry.path()).find('\n') != std::string::npos) return true;
    }
    return false;
  }
  std::string greeting() const {
    return slurp((directory.empty() ? stage_.repository() : directory) / "greet.sh");
  }

  fs::path directory;  // where commands run; empty: the repository
  TextMap env;

 private:
  ModelServer::Settings settings() const {
    ModelServer::Settings settings;
    settings.script = story_.replies;
    settings.prices = standing_prices(story_.config);
    settings.key = test_key;
    return settings;
  }

  const std::string program_;
  const Story story_;
  ModelServer server_;
  Stage stage_;
};

int failures = 0;

void hold(bool fine, const std::string& what, const World& world) {
  if (fine) return;
  ++failures;
  std::printf("FAILED %s\n%s\n", what.c_str(), clip(world.said(), 3000).c_str());
}

// The disk fills up after more and more of the run; then there is room, and it goes on.
void full_disk(const std::string& program, const Story& story, int clean_calls) {
  int stopped = 0;
  for (const int kib : {48, 80, 112, 160, 224, 320}) {
    World world(program, story);
    const int exit = world.in_small(kib, World::quoted(world.goal()) + R"(
code=$?
cp greet.sh "$small/../seen.sh"
[ $code = 0 ] && exit 0
[ $code = 1 ] || exit 98
mount -o remount,size=64m "$small" || exit 97
if [ -s "$small"/state/mixagent/*/runs/*/events.jsonl ]; then
  )" + World::quoted(world.words({"resume", "--last", "--output-format", "json"})) +
                                             R"(
else
  )" + World::quoted(world.goal()) +
                                             R"(
fi
[ $? = 0 ] && exit 10
exit 96
)");
    const std::string label = "a disk of " + std::to_string(kib) + " KiB";
    hold(exit == 0 || exit == 10, label + ": exit " + std::to_string(exit), world);
    hold(world.greeting() == "echo hello\n", label + ": the work is not there", world);
    hold(world.calls() <= clean_calls + 1, label + ": paid twice", world);
    if (exit != 10) continue;
    ++stopped;
    hold(slurp(world.stage().root() / "seen.sh") == "echo hi\n",
         label + ": files were touched before it stopped", world);
    hold(world.said().find("free some disk space") != std::string::npos, label + ": no remedy",
         world);
  }
  World none(program, story);
  hold(stopped >= 2, "no disk was small enough: " + std::to_string(stopped), none);
}

// Where the runs lie, a quota refuses every write from some byte on; then it is lifted, and the run
// goes on.
void used_up_quota(const std::string& program, const Story& story, const std::string& shim,
                   int clean_calls) {
  int stopped = 0;
  for (const int kib : {2, 8, 14, 20, 28, 40}) {
    World world(program, story);
    world.env = {{"LD_PRELOAD", shim},
                 {"QUOTA_BYTES", std::to_string(kib * 1024)},
                 {"QUOTA_BELOW", (world.stage().root() / "small" / "state").string()}};
    const int exit = world.command(world.goal());
    const std::string label = "a quota of " + std::to_string(kib) + " KiB";
    world.env.clear();
    if (exit != 0) {
      ++stopped;
      hold(exit == 1, label + ": exit " + std::to_string(exit), world);
      hold(world.said().find("the disk quota is used up") != std::string::npos,
           label + ": no remedy", world);
      hold(world.greeting() == "echo hi\n", label + ": files were touched before it stopped",
           world);
      const bool begun = world.begun();
      const int again = world.command(
          begun ? world.words({"resume", "--last", "--output-format", "json"}) : world.goal());
      hold(again == 0, label + ": exit " + std::to_string(again) + " with room again", world);
    }
    hold(world.greeting() == "echo hello\n", label + ": the work is not there", world);
    hold(world.calls() <= clean_calls + 1, label + ": paid twice", world);
  }
  World none(program, story);
  hold(stopped >= 3, "no quota was small enough: " + std::to_string(stopped), none);
}

// Repository and cache on the disk, state and ledger on a second one, the run on a third.
void disks_apart(const std::string& program, const Story& story, int clean_calls) {
  World world(program, story);
  world.env = {{"XDG_CACHE_HOME", (world.stage().root() / "cache").string()}};
  const int exit = world.in_small(
      4096, "mkdir \"$small/run\" && mount -t tmpfs none \"$small/run\"\n" +
                World::quoted(world.goal({"--run-dir", "{ROOT}/small/run/it"})) +
                "|| exit 95\n[ -s \"$small\"/run/it/events.jsonl ] && [ -s "
                "\"$small\"/state/mixagent/ledger.db ] || exit 94\n" +
                World::quoted(world.words(
                    {"resume", "--run-dir", "{ROOT}/small/run/it", "--output-format", "json"})));
  hold(exit == 0, "disks apart: exit " + std::to_string(exit), world);
  hold(world.greeting() == "echo hello\n", "disks apart: the work is not there", world);
  hold(world.calls() == clean_calls, "disks apart: other calls", world);
}

void read_only_disk(const std::string& program, const Story& story) {
  World world(program, story);
  const int exit = world.in_small(
      1024, "mount -o remount,ro \"$small\" || exit 97\n" + World::quoted(world.goal()) + "\n");
  hold(exit == 1, "a read-only disk: exit " + std::to_string(exit), world);
  hold(world.said().find("read-only") != std::string::npos, "a read-only disk: not said", world);
  hold(world.calls() == 0, "a read-only disk: money was spent", world);
}

void two_processes(const std::string& program, const Story& story) {
  World world(program, story);
  const auto first = world.start(world.goal({"--run-dir", "{ROOT}/shared"}), ".first");
  hold(world.wait_for_calls(1), "two processes: no call came", world);
  const int second = world.command(
      world.words({"resume", "--run-dir", "{ROOT}/shared", "--output-format", "json"}));
  hold(second == 2, "two processes: the second exits " + std::to_string(second), world);
  hold(world.said().find("another process is working on this run") != std::string::npos,
       "two processes: the reason is not said", world);
  hold(first->wait(std::chrono::seconds(60)) == 0, "two processes: the first is disturbed", world);
  hold(world.greeting() == "echo hello\n", "two processes: the work is not there", world);
}

// A power cut while `apply` renamed: its end is not recorded, the files are as they were.
void broken_apply(const std::string& program, const Story& story, int clean_calls) {
  World world(program, story);
  const fs::path run = world.stage().root() / "small/run", events = run / "events.jsonl";
  hold(world.command(world.goal({"--no-apply", "--run-dir", "{ROOT}/small/run"})) == 0,
       "a broken apply: the run", world);
  const auto whole = parse_json(trim(slurp(world.stage().root() / "out")));
  const auto lines = split_lines(slurp(events));
  const auto end = parse_json(lines.back());
  const auto tree = whole && end ? string_or(json_at(*whole, "checks[0]"), "tree") : "";
  spill(events, slurp(events) +
                    dump_json({{"seq", lines.size() + 1},
                               {"ts", end ? string_or(*end, "ts") : ""},
                               {"run_id", end ? string_or(*end, "run_id") : ""},
                               {"type", "change.applied"},
                               {"how", "started"},
                               {"tree", tree},
                               {"files", {"greet.sh"}}}) +
                    "\n");
  const int exit = world.command(
      world.words({"resume", "--run-dir", "{ROOT}/small/run", "--output-format", "json"}));
  hold(exit == 0, "a broken apply: exit " + std::to_string(exit), world);
  hold(world.greeting() == "echo hello\n", "a broken apply: it is not finished", world);
  hold(world.calls() == clean_calls, "a broken apply: a call was made", world);
}

// Where commands see a /dev of their own, a repository cannot be shown: that is said before a call.
void no_place_for_a_sandbox(const std::string& program, const Story& story) {
  World world(program, story);
  const fs::path there = fs::path("/dev/shm") / world.stage().root().filename();
  std::error_code refused;
  fs::create_directories(there, refused);
  if (refused) return void(std::printf("SKIPPED: no sandbox: /dev/shm cannot be written\n"));
  fs::copy(world.stage().repository(), there / "repo", fs::copy_options::recursive);
  world.directory = there / "repo";
  const int exit = world.command(world.goal());
  hold(exit == 8, "no sandbox: exit " + std::to_string(exit), world);
  hold(world.said().find("\"subtype\":\"sandbox\"") != std::string::npos, "no sandbox: not said",
       world);
  hold(world.calls() == 0, "no sandbox: money was spent", world);
  fs::remove_all(there);
}

// Killed, then only the run's folder and a copy of the repository reach the other machine.
void another_machine(const std::string& program, const Story& story, int clean_calls) {
  World world(program, story);
  {
    const auto first = world.start(world.goal({"--run-dir", "{ROOT}/ci-run"}));
    hold(world.wait_for_calls(2), "another machine: no second call came", world);
    first->signal(SIGKILL);
    first->wait(std::chrono::seconds(20));
  }
  const fs::path root = world.stage().root(), there = root / "there";
  fs::create_directories(there);
  fs::copy(root / "ci-run", there / "run", fs::copy_options::recursive);
  fs::rename(world.stage().repository(), there / "repo");
  fs::remove_all(root / "ci-run");
  fs::remove_all(root / "small");
  world.directory = there / "repo";
  world.env = {{"XDG_STATE_HOME", (there / "state").string()},
               {"XDG_CACHE_HOME", (there / "cache").string()}};
  const int exit = world.command(
      world.words({"resume", "--run-dir", "{ROOT}/there/run", "--output-format", "json"}));
  hold(exit == 0, "another machine: exit " + std::to_string(exit), world);
  hold(world.greeting() == "echo hello\n", "another machine: the work is not there", world);
  hold(world.calls() <= clean_calls + 1, "another machine: paid twice", world);
}

// Several runs at once under one cap of the day: the server's bill never passes it.
void one_day_for_all(const std::string& program, const Story& story) {
  World world(program, story);
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 4; ++i) children.push_back(world.start(world.goal(), std::to_string(i)));
  int reached = 0, stopped = 0;
  for (const auto& child : children) {
    const int exit = child->wait(std::chrono::seconds(120)).value_or(-1);
    reached += exit == 0 ? 1 : 0;
    stopped += exit == 4 ? 1 : 0;
  }
  hold(reached + stopped == 4, "one day: some run ended otherwise", world);
  // Four times two calls of at least 4,000 tokens do not fit.
  hold(stopped >= 1, "one day: " + std::to_string(reached) + " reached", world);
  hold(world.spent_usd() > 0.007 && world.spent_usd() <= 0.025,
       "one day: " + std::to_string(world.spent_usd()) + " spent", world);
  hold(world.command(world.words({"cost", "--json"})) == 0, "one day: no cost", world);
  const auto told = parse_json(trim(slurp(world.stage().root() / "out")));
  const double today = told ? member(*told, "today_usd").get<double>() : -1;
  hold(today > world.spent_usd() - 1e-9 && today < world.spent_usd() + 1e-9,
       "one day: the ledger says " + std::to_string(today), world);
}

int all(const std::string& program, const Story& story, const Story& day, const std::string& shim) {
  int clean_calls = 0;
  bool can_mount = false;
  {
    World world(program, story);
    hold(world.command(world.goal()) == 0, "undisturbed", world);
    clean_calls = world.calls();
    can_mount = world.in_small(64, "exit 0") == 0;
  }
  one_day_for_all(program, day);
  two_processes(program, story);
  another_machine(program, story, clean_calls);
  broken_apply(program, story, clean_calls);
  no_place_for_a_sandbox(program, story);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  std::printf("SKIPPED: a used-up quota (%s): the sanitizer must be loaded first\n", shim.c_str());
#else
  used_up_quota(program, story, shim, clean_calls);
#endif
  if (can_mount) {
    disks_apart(program, story, clean_calls);
    read_only_disk(program, story);
    full_disk(program, story, clean_calls);
  } else {
    std::printf(
        "SKIPPED: full, read-only and different disks: no mount namespace can be made here\n");
  }
  std::printf("%s durability\n", failures == 0 ? "ok" : "FAILED");
  if (failures > 0) return 1;
  return can_mount ? 0 : skipped;
}

}  // namespace

}  // namespace mixagent

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: %s PROGRAM RUN.toml DAY.toml QUOTA.so\n", argv[0]);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  mixagent::adopt_orphans();
  const auto story = mixagent::read_story(argv[2]), day = mixagent::read_story(argv[3]);
  for (const auto* read : {&story, &day}) {
    if (*read) continue;
    std::printf("FAILED %s\n", mixagent::describe(read->error()).c_str());
    return 1;
  }
  return mixagent::all(std::filesystem::absolute(argv[1]).string(), *story, *day, argv[4]);
}
