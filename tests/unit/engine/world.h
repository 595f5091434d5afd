#pragma once
// A whole run with every port scripted: what the engine decides, without a process, a disk or a
// network.

#include "engine/run.h"
#include "support/fake_clock.h"
#include "support/fake_console.h"
#include "support/fake_context.h"
#include "support/fake_sandbox.h"
#include "support/memory_journal.h"
#include "support/memory_workspaces.h"
#include "support/scripted_models.h"

#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace mixagent {

inline Model model(const std::string& name, int tier, const std::string& family,
                   std::int64_t usd_per_million) {
  Model m;
  m.name = m.id = name;
  m.provider = "local";
  m.family = family;
  m.tier = tier;
  m.max_output = 16'000;
  m.price = Price{{usd_per_million * 1'000'000},
                  {usd_per_million * 4'000'000},
                  {usd_per_million * 100'000},
                  {usd_per_million * 1'000'000}};
  return m;
}

inline Seat seat(const std::string& name, std::vector<std::string> tools,
                 std::vector<std::string> ladder) {
  Seat s;
  s.name = s.prompt = name;
  s.tools = std::move(tools);
  s.ladder = std::move(ladder);
  return s;
}

inline Config config() {
  Config c;
  for (const Model& m : {model("planner", 3, "a", 5), model("small", 1, "b", 1),
                         model("large", 3, "c", 3), model("judge", 2, "d", 1)}) {
    c.lineup.models[m.name] = m;
  }
  c.lineup.providers["local"].name = "local";
  c.lineup.seats["planner"] = seat("planner", {"read_file", "submit_plan"}, {"planner"});
  c.lineup.seats["worker"] =
      seat("worker", {"read_file", "edit_file", "write_file", "run_command", "finish", "give_up"},
           {"small", "large"});
  c.lineup.seats["reviewer"] = seat("reviewer", {"read_file", "submit_review"}, {"judge"});
  c.budget.run = Money{2 * pico_per_usd};
  c.budget.step = Money{1 * pico_per_usd};
  return c;
}

// A run with everything scripted.
struct World {
  explicit World(Files files, std::deque<std::string> answers = {})
      : workspaces(std::move(files)), console(std::move(answers)) {}

  RunResult go(Goal goal) {
    goal.repository = "/repo";
    Tools tools{settings, prompts,    context, clock,  journal, models,
                sandbox,  workspaces, console, ledger, {}};
    return run(goal, tools);
  }

  // exit 0 when the file in the copy holds `text`
  void check_holds(const std::string& command, const std::string& path, const std::string& text) {
    sandbox.on(command, [this, path, text](const SandboxCommand& run) -> Result<CommandResult> {
      CommandResult result;
      const auto bytes = workspaces.file_at(run.workspace, path);
      result.exit_code = bytes && bytes->find(text) != std::string::npos ? 0 : 1;
      result.output = result.exit_code == 0 ? "ok\n" : path + " lacks " + text + "\n";
      return result;
    });
  }

  Config settings = config();
  FakePrompts prompts;
  PlainContext context;
  FakeClock clock;
  MemoryJournal journal{clock};
  ScriptedModels models;
  FakeSandbox sandbox;
  MemoryWorkspaces workspaces;
  FakeConsole console;
  FakeLedger ledger;
};

inline Goal goal_with(const std::string& text, const std::vector<std::string>& checks, Lane lane) {
  Goal goal;
  goal.text = text;
  goal.lane = lane;
  for (const std::string& command : checks) {
    Check check;
    check.command = command;
    check.origin = CheckOrigin::user;
    goal.checks.push_back(check);
  }
  return goal;
}

}  // namespace mixagent
