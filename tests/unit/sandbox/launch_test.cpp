#include "sandbox/launch.h"

#include "base/text.h"
#include "sandbox/proxy.h"
#include "sandbox/throw_away.h"
#include "system/files.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

// Answers every start with one prepared end, and keeps what was asked.
class ScriptedProcesses final : public Processes {
 public:
  Result<Exit> run(const Command& command, const Cancel&) override {
    asked.push_back(command);
    if (command.argv.size() == 2 && command.argv[1] == "--version") {
      Exit version;
      version.out = "bubblewrap 0.8.0\n";
      return version;
    }
    return answer;
  }
  Result<Exit> answer;
  std::vector<Command> asked;
};

class Place {
 public:
  Place() {
    std::string path = (fs::temp_directory_path() / "mixagent-launch-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    root = fs::canonical(path);
    for (const char* folder : {"home/repo", "work"}) fs::create_directories(root / folder);
  }
  ~Place() { (void)remove_tree(root); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::unique_ptr<Sandbox> sandbox(Isolation isolation) {
    SandboxOptions options;
    options.config.isolation = isolation;
    options.home = root / "home";
    options.repository = root / "home/repo";
    options.cache = root / "cache";
    options.environment = {{"PATH", "/usr/bin"}, {"MY_TOKEN", "secret"}};
    auto made = make_untried_sandbox(options, processes);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : describe(made.error())));
    return *std::move(made);
  }
  SandboxCommand command() const {
    SandboxCommand command;
    command.command = "make test";
    command.workspace = root / "work";
    command.mounted_at = root / "home/repo";
    command.timeout = std::chrono::milliseconds(3000);
    return command;
  }

  fs::path root;
  ScriptedProcesses processes;
};

TEST_CASE("what the end of a process means") {
  struct Case {
    const char* name;
    std::function<void(Exit&)> end;
    int exit_code;
    bool timed_out, killed;
    std::string output;
  };
  const std::vector<Case> cases = {
      {"passes", [](Exit& e) { e.report = "landlock 7\nready\n", e.out = "ok\n"; }, 0, false, false,
       "ok\n"},
      {"fails", [](Exit& e) { e.report = "ready\n", e.code = 2; }, 2, false, false, ""},
      {"own 124", [](Exit& e) { e.report = "ready\n", e.code = 124; }, 124, false, false, ""},
      {"timeout", [](Exit& e) { e.report = "ready\ntimeout\n", e.code = 124, e.out = "x"; }, 124,
       true, false, "x"},
      {"stuck init", [](Exit& e) { e.report = "ready\n", e.code = 143, e.timed_out = true; }, 124,
       true, false, ""},
      {"memory",
       [](Exit& e) { e.report = "ready\nlimit 9 MB of memory, 5 MB are allowed\n", e.code = 137; },
       137, false, true, "\n[killed: 9 MB of memory, 5 MB are allowed]\n"},
      {"flood", [](Exit& e) { e.report = "ready\n", e.flooded = true, e.code = 143; }, 137, false,
       true, "\n[killed: more than 256 MB of output]\n"},
  };
  Place place;
  for (const Isolation isolation : {Isolation::full, Isolation::external}) {
    const auto sandbox = place.sandbox(isolation);
    for (const Case& c : cases) {
      Exit exit;
      c.end(exit);
      exit.wall_ms = 17;
      place.processes.answer = exit;
      const auto result = sandbox->run(place.command(), {});
      REQUIRE_MESSAGE(result.has_value(), c.name);
      CHECK_MESSAGE(result->exit_code == c.exit_code, c.name);
      CHECK_MESSAGE(result->timed_out == c.timed_out, c.name);
      CHECK_MESSAGE(result->killed == c.killed, c.name);
      CHECK_MESSAGE(result->output == c.output, c.name);
      CHECK(result->ms == 17);
    }
  }
}

TEST_CASE("an isolation that broke is an error, never a result") {
  Place place;
  const auto sandbox = place.sandbox(Isolation::full);
  Exit refused;
  refused.code = 1;
  refused.out = "bwrap: setting up uid map: Permission denied\n";
  Exit unfiltered;
  unfiltered.report = "failed seccomp: Invalid argument\n";
  unfiltered.code = 125;
  Exit half;
  half.report = "ready\nfailed bounding set: Operation not permitted\n";
  for (const Exit& exit : {refused, unfiltered, half}) {
    place.processes.answer = exit;
    const auto result = sandbox->run(place.command(), {});
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::sandbox);
  }
  Exit stopped;
  stopped.cancelled = true;
  place.processes.answer = stopped;
  const auto result = sandbox->run(place.command(), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::cancelled);
}

TEST_CASE("what is started") {
  Place place;
  Exit good;
  good.report = "ready\n";
  place.processes.answer = good;
  SandboxCommand command = place.command();
  command.env = {{"CI", "0"}, {"EXTRA", "x"}};
  for (const Isolation isolation :
       {Isolation::full, Isolation::reduced, Isolation::external, Isolation::none}) {
    const auto sandbox = place.sandbox(isolation);
    REQUIRE(sandbox->run(command, {}));
    const Command& asked = place.processes.asked.back();
    CHECK(asked.argv[0].find("mixagent-init-") != std::string::npos);
    CHECK(std::find(asked.argv.begin(), asked.argv.end(), "make test") + 1 == asked.argv.end());
    const bool in_bwrap =
        std::find(asked.argv.begin(), asked.argv.end(), "/usr/bin/bwrap") != asked.argv.end();
    CHECK(in_bwrap == (isolation == Isolation::full));
    const bool filtered =
        std::any_of(asked.extra_fds.begin(), asked.extra_fds.end(),
                    [](const auto& fd) { return fd.first == filter_fd && !fd.second.empty(); });
    CHECK(filtered == (isolation == Isolation::full || isolation == Isolation::reduced));
    CHECK(asked.merge_stderr);
    CHECK_FALSE(asked.input.has_value());
    CHECK(*asked.timeout > command.timeout);
    int ci = 0;
    for (const auto& [name, value] : asked.env) {
      CHECK(value != "secret");
      ci += name == "CI" && value == "0";
    }
    CHECK(ci == 1);
    CHECK(value_of(asked.env, "EXTRA") == "x");
  }
}

TEST_CASE("a private cache is not shown where it could not be written") {
  Place place;
  const std::string cache = place.root / "home/.cache/go-build";
  fs::create_directories(cache);
  std::ofstream(place.root / "home/repo/go.mod") << "module m\n";
  Exit good;
  good.report = "ready\n";
  place.processes.answer = good;
  REQUIRE(place.sandbox(Isolation::full)->run(place.command(), {}));
  const auto& argv = place.processes.asked.back().argv;
  CHECK(std::count(argv.begin(), argv.end(), cache) == 0);
}

TEST_CASE("a layer starts empty, whatever a killed process left there") {
  Place place;
  const fs::path left = place.root / "work/caches-1/0/upper/left";
  fs::create_directories(left);
  Policy policy;
  policy.extra = {{"/data", "/home/ann/.cache/go-build"}, {"/opt/tool", "/opt/tool"}};
  policy.throw_away = {"/home/ann/.cache/go-build"};
  {
    const auto made = ThrowAway::make(place.root / "work/caches-1", policy);
    REQUIRE(made);
    CHECK_FALSE(fs::exists(left));
    CHECK(fs::exists(left.parent_path()));
    CHECK(policy.extra[0].source == (place.root / "work/caches-1/0/merged").string());
    CHECK(policy.extra[0].writable);
    CHECK_FALSE(policy.extra[1].writable);
  }
  CHECK_FALSE(fs::exists(place.root / "work/caches-1"));
}

TEST_CASE("the proxy opens where a killed process left its socket") {
  Place place;
  fs::create_directories(place.root / "work/proxy-1");
  std::ofstream(place.root / "work/proxy-1/socket") << "";
  const auto proxy = FilteringProxy::open({}, place.root / "work/proxy-1");
  REQUIRE_MESSAGE(proxy, (proxy ? "" : describe(proxy.error())));
  CHECK(fs::is_socket((*proxy)->socket()));
}

TEST_CASE("what is not started at all") {
  Place place;
  const auto sandbox = place.sandbox(Isolation::full);
  const std::size_t before = place.processes.asked.size();
  SandboxCommand command = place.command();
  command.command = std::string("a\0b", 3);
  CHECK(sandbox->run(command, {})->exit_code == 126);
  command.command = std::string(130'000, 'a');
  CHECK(sandbox->run(command, {})->exit_code == 126);
  command = place.command();
  command.mounted_at = "/elsewhere";
  CHECK(sandbox->run(command, {}).error().code == ErrorCode::denied);
  command = place.command();
  command.workspace = place.root / "nothing";
  CHECK(sandbox->run(command, {}).error().code == ErrorCode::io);
  command = place.command();
  command.cwd = "../..";
  CHECK(sandbox->run(command, {}).error().code == ErrorCode::denied);
  CHECK(place.processes.asked.size() == before);
}

}  // namespace
}  // namespace mixagent
