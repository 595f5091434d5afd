#pragma once
// The plan as `submit_plan` delivers it: what the planner orders. Validation is core/plan_rules.h.

#include "mixagent/fields.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

enum class Decision { plan, solo, no_op, need_input };
constexpr std::array<std::string_view, 4> enum_names(Decision) {
  return {"plan", "solo", "no_op", "need_input"};
}

enum class StepAction { code, test, docs, refactor, command, research, image };
constexpr std::array<std::string_view, 7> enum_names(StepAction) {
  return {"code", "test", "docs", "refactor", "command", "research", "image"};
}

enum class Difficulty { low, medium, high };
constexpr std::array<std::string_view, 3> enum_names(Difficulty) {
  return {"low", "medium", "high"};
}

// Who named a check, most trusted first. Those of a user (flag, [verify]), of the repository, and
// those that a test step brought and mixagent saw fail can make a run fully verified.
enum class CheckOrigin { user, detected, tester, planner };
constexpr std::array<std::string_view, 4> enum_names(CheckOrigin) {
  return {"user", "detected", "tester", "planner"};
}

// A command run by `bash -c` in the workspace's root; exit 0 is a pass.
struct Check {
  std::string command;
  int timeout_s = 600;
  std::string
      results;  // "junit:PATH", "tap", "go-json", "pytest", "ctest"; empty: the exit code alone
  CheckOrigin origin = CheckOrigin::planner;  // never read from a model
  bool operator==(const Check&) const = default;

  template <class V>
  void fields(V& v) {
    v.need("command", command);
    v.may("timeout_s", timeout_s);
    v.may("results", results);
  }
};

struct StepFiles {
  std::vector<std::string> read, write, create;
  bool operator==(const StepFiles&) const = default;

  template <class V>
  void fields(V& v) {
    v.may("read", read);
    v.may("write", write);
    v.may("create", create);
  }
};

struct Step {
  std::string id;
  std::string title;
  StepAction action = StepAction::code;
  std::string seat = "worker";
  std::string instructions;
  StepFiles files;
  std::vector<std::string> depends_on;
  std::vector<Check> checks;
  Difficulty difficulty = Difficulty::low;
  std::optional<double> budget_usd;
  bool operator==(const Step&) const = default;

  template <class V>
  void fields(V& v) {
    v.need("id", id, "[a-z0-9_-]{1,32}, unique");
    v.may("title", title);
    v.may("action", action);
    v.may("seat", seat);
    v.need("instructions", instructions,
           "names, signatures, literals, edge cases; prose, no code bodies");
    v.may("files", files, "paths or globs; write+create = scope");
    v.may("depends_on", depends_on);
    v.may("checks", checks, "shell commands that decide");
    v.may("difficulty", difficulty);
    v.may("budget_usd", budget_usd);
  }
};

struct Plan {
  Decision decision = Decision::plan;
  std::string reason;
  std::string question;
  std::vector<Check> checks;  // for the whole goal, added to the goal's own
  std::vector<Step> steps;
  bool operator==(const Plan&) const = default;

  template <class V>
  void fields(V& v) {
    v.need("decision", decision);
    v.may("reason", reason);
    v.may("question", question, "for need_input");
    v.may("checks", checks, "for the whole goal");
    v.may("steps", steps);
  }
};

}  // namespace mixagent
