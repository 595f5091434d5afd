#include "core/plan_rules.h"

#include "base/glob.h"
#include "base/text.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string_view>

namespace mixagent {

namespace {

constexpr std::size_t max_command_bytes = 4096;
constexpr int default_check_timeout_s = 600;
constexpr int code_lines_warning = 10;
constexpr int code_lines_fault = 40;

// Why this path cannot stand in a plan; empty when it can.
std::string path_fault(const std::string& path) {
  if (trim(path).empty()) return "is empty";
  if (path.front() == '/' || path.starts_with("~/")) return "is absolute";
  for (const char c : path) {
    if (static_cast<unsigned char>(c) < 0x20) return "holds a control character";
  }
  for (const auto& part : split(path, '/')) {
    if (part == "..") return "leaves the repository";
    if (lower(part) == ".git") return "lies in .git";
  }
  return {};
}

std::string command_fault(const std::string& command) {
  if (trim(command).empty()) return "is empty";
  if (command.size() > max_command_bytes) return "is longer than 4 KB";
  if (command.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos) {
    return "has several lines; join them with && or put them into a script";
  }
  return {};
}

bool known_results(const std::string& results) {
  return results.empty() || results == "tap" || results == "go-json" || results == "pytest" ||
         results == "ctest" || (results.starts_with("junit:") && results.size() > 6);
}

bool valid_id(const std::string& id) {
  return !id.empty() && id.size() <= 32 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

class Validator {
 public:
  Validator(const Plan& plan, const PlanLimits& limits) : plan_(plan), limits_(limits) {}

  PlanVerdict run() {
    check_decision();
    check_commands("plan", plan_.checks);
    if (plan_.decision != Decision::plan) return std::move(verdict_);
    check_ids();
    for (const auto& step : plan_.steps) check_step(step);
    check_cycles();
    return std::move(verdict_);
  }

 private:
  void fault(const std::string& where, const std::string& what) {
    verdict_.faults.push_back(where + ": " + what);
  }
  void warn(const std::string& where, const std::string& what) {
    verdict_.warnings.push_back(where + ": " + what);
  }

  void check_decision() {
    switch (plan_.decision) {
      case Decision::plan:
        if (plan_.steps.empty()) fault("steps", "decision 'plan' needs at least one step");
        if (static_cast<int>(plan_.steps.size()) > limits_.max_steps) {
          fault("steps", std::to_string(plan_.steps.size()) + " steps; at most " +
                             std::to_string(limits_.max_steps) + " are allowed");
        }
        return;
      case Decision::need_input:
        if (trim(plan_.question).empty()) fault("question", "decision 'need_input' needs one");
        break;
      case Decision::no_op:
        if (trim(plan_.reason).empty()) warn("reason", "decision 'no_op' should say why");
        break;
      case Decision::solo:
        break;
    }
    if (!plan_.steps.empty()) {
      warn("steps", "ignored: the decision is '" + std::string(enum_name(plan_.decision)) + "'");
    }
  }

  void check_ids() {
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      const auto& id = plan_.steps[i].id;
      const std::string at = "steps[" + std::to_string(i) + "]";
      if (!valid_id(id)) fault(at, "id '" + clip(id, 60) + "' does not match [a-z0-9_-]{1,32}");
      if (!ids_.insert(id).second) fault(at, "id '" + clip(id, 60) + "' is used twice");
    }
  }

  void check_step(const Step& step) {
    if (trim(step.instructions).empty()) fault(step.id, "instructions are empty");
    check_seat(step);
    check_paths(step);
    check_dependencies(step);
    check_commands(step.id, step.checks);
    check_code(step);
    if (step.budget_usd && !(*step.budget_usd > 0 && std::isfinite(*step.budget_usd))) {
      fault(step.id, "budget_usd must be above 0");
    }
    if (step.action == StepAction::test && !has_dependant(step)) {
      warn(step.id, "a test step that no step depends on: nothing will make its test pass");
    }
  }

  void check_seat(const Step& step) {
    if (step.action == StepAction::research || step.action == StepAction::image) {
      fault(step.id, "no seat here can do action '" + std::string(enum_name(step.action)) +
                         "'; use code, test, docs, refactor or command");
    }
    const auto& seats = limits_.seats;
    if (std::find(seats.begin(), seats.end(), step.seat) != seats.end()) return;
    const std::string near = nearest(step.seat, seats);
    fault(step.id, "seat '" + clip(step.seat, 60) + "' does not exist; " +
                       (near.empty() ? "" : "did you mean '" + near + "'? ") +
                       "seats: " + join(seats, ", "));
  }

  void check_paths(const Step& step) {
    const auto check = [&](const char* list, const std::vector<std::string>& paths) {
      for (const auto& path : paths) {
        const std::string why = path_fault(path);
        if (!why.empty()) {
          fault(step.id, std::string("files.") + list + ": '" + clip(path, 120) + "' " + why);
        } else if (*list != 'r' && any_glob_matches(limits_.protect, path)) {
          warn(step.id, "names the protected path '" + path + "'");
        }
      }
    };
    check("read", step.files.read);
    check("write", step.files.write);
    check("create", step.files.create);
  }

  void check_dependencies(const Step& step) {
    for (const auto& other : step.depends_on) {
      if (other == step.id) {
        fault(step.id, "depends on itself");
      } else if (ids_.count(other) == 0) {
        const std::string near = nearest(other, {ids_.begin(), ids_.end()});
        fault(step.id, "depends_on names an unknown step '" + clip(other, 60) + "'" +
                           (near.empty() ? "" : "; did you mean '" + near + "'?"));
      }
    }
  }

  void check_commands(const std::string& where, const std::vector<Check>& checks) {
    for (std::size_t i = 0; i < checks.size(); ++i) {
      const std::string at = "checks[" + std::to_string(i) + "]";
      const std::string why = command_fault(checks[i].command);
      if (!why.empty()) fault(where, at + ".command " + why);
      if (!known_results(checks[i].results)) {
        warn(where,
             at + ".results '" + clip(checks[i].results, 40) +
                 "' is unknown (junit:PATH, tap, go-json, pytest, ctest): the exit code decides");
      }
    }
  }

  void check_code(const Step& step) {
    if (limits_.allow_code) return;
    const int lines = longest_code_run(step.instructions);
    const std::string what = std::to_string(lines) + " lines of code in a row in the instructions";
    if (lines > code_lines_fault) {
      fault(step.id, what + "; leave code to the worker: give names, signatures and edge cases");
    } else if (lines > code_lines_warning) {
      warn(step.id, what);
    }
  }

  bool has_dependant(const Step& step) const {
    return std::any_of(plan_.steps.begin(), plan_.steps.end(), [&](const Step& other) {
      const auto& needs = other.depends_on;
      return std::find(needs.begin(), needs.end(), step.id) != needs.end();
    });
  }

  // One fault is enough: the first cycle in the order of the plan.
  void check_cycles() {
    std::map<std::string, const Step*> steps;
    for (const auto& step : plan_.steps) steps.emplace(step.id, &step);
    std::set<std::string> done;
    for (const auto& step : plan_.steps) {
      std::vector<std::string> cycle = find_cycle(step.id, steps, done);
      if (cycle.empty()) continue;
      fault(cycle.front(), "depends on itself in a cycle: " + join(cycle, " -> "));
      return;
    }
  }

  // Depth first with a stack of our own: a plan may chain hundreds of steps.
  static std::vector<std::string> find_cycle(const std::string& start,
                                             const std::map<std::string, const Step*>& steps,
                                             std::set<std::string>& done) {
    struct Frame {
      std::string id;
      std::size_t next = 0;
    };
    std::vector<Frame> path;
    if (done.count(start) == 0) path.push_back({start, 0});
    while (!path.empty()) {
      const auto& needs = steps.at(path.back().id)->depends_on;
      if (path.back().next == needs.size()) {
        done.insert(path.back().id);
        path.pop_back();
        continue;
      }
      const std::string need = needs[path.back().next++];
      if (steps.count(need) == 0 || need == path.back().id || done.count(need) != 0) continue;
      const auto seen = std::find_if(path.begin(), path.end(),
                                     [&](const Frame& frame) { return frame.id == need; });
      if (seen == path.end()) {
        path.push_back({need, 0});
        continue;
      }
      std::vector<std::string> cycle;
      for (auto it = seen; it != path.end(); ++it) cycle.push_back(it->id);
      cycle.push_back(need);
      return cycle;
    }
    return {};
  }

  const Plan& plan_;
  const PlanLimits& limits_;
  PlanVerdict verdict_;
  std::set<std::string> ids_;
};

std::vector<std::string> scope_of(const Step& step) {
  std::vector<std::string> scope = step.files.write;
  scope.insert(scope.end(), step.files.create.begin(), step.files.create.end());
  return scope;
}

std::string title_from(const std::string& instructions) {
  std::string_view text = trim(instructions);
  text = text.substr(0, text.find('\n'));
  const auto stop = text.find(". ");
  if (stop != std::string_view::npos) text = text.substr(0, stop);
  return clip(trim(text), 72);
}

// ---- what looks like code ----

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> heads) {
  return std::any_of(heads.begin(), heads.end(),
                     [&](std::string_view head) { return text.substr(0, head.size()) == head; });
}

bool is_list_item(std::string_view line) {
  if (starts_with_any(line, {"- ", "* ", "+ ", "> ", "| "})) return true;
  std::size_t digits = 0;
  while (digits < line.size() && line[digits] >= '0' && line[digits] <= '9') ++digits;
  return digits > 0 && digits + 1 < line.size() && (line[digits] == '.' || line[digits] == ')') &&
         line[digits + 1] == ' ';
}

bool is_code_like(std::string_view line) {
  if (is_list_item(line)) return false;
  const char last = line.back();
  if (last == ';' || last == '{' || last == '}' || line == ")" || line == "]" || line == "]," ||
      line == ")," || line == "})") {
    return true;
  }
  if (last == ':' &&
      starts_with_any(line, {"def ", "class ", "if ", "elif ", "else", "for ", "while ", "try",
                             "except", "finally", "with ", "async ", "match ", "case "})) {
    return true;
  }
  if (starts_with_any(line,
                      {"#include", "import ", "return ", "const ",   "let ",    "var ",   "func ",
                       "fn ",      "pub ",    "public ", "private ", "static ", "raise ", "throw ",
                       "yield ",   "await ",  "@",       "//",       "/*",      "assert "}) &&
      last != '.') {
    return true;
  }
  if (line.substr(0, 5) == "from " && line.find(" import ") != std::string_view::npos) return true;
  const bool ends_a_call = last == ')' || last == ',' || last == '(' || last == '[';
  if (ends_a_call && line.find(' ') == std::string_view::npos) return true;
  return last != '.' && (line.find(" = ") != std::string_view::npos ||
                         line.find(" += ") != std::string_view::npos ||
                         line.find(" => ") != std::string_view::npos);
}

}  // namespace

void fill_defaults(Plan& plan) {
  const auto fill_checks = [](std::vector<Check>& checks) {
    for (auto& check : checks) {
      check.command = std::string(trim(check.command));
      if (check.timeout_s <= 0) check.timeout_s = default_check_timeout_s;
    }
  };
  fill_checks(plan.checks);
  for (auto& step : plan.steps) {
    if (trim(step.title).empty()) step.title = title_from(step.instructions);
    if (step.seat.empty()) step.seat = "worker";
    fill_checks(step.checks);
  }
}

PlanVerdict validate(const Plan& plan, const PlanLimits& limits) {
  return Validator(plan, limits).run();
}

bool scopes_overlap(const Step& a, const Step& b) {
  const auto ours = scope_of(a);
  const auto theirs = scope_of(b);
  if (ours.empty() || theirs.empty()) return true;
  for (const auto& one : ours) {
    for (const auto& other : theirs) {
      if (globs_overlap(one, other)) return true;
    }
  }
  return false;
}

bool in_scope(const Step& step, const std::string& path) {
  const auto scope = scope_of(step);
  return scope.empty() || any_glob_matches(scope, path);
}

int longest_code_run(const std::string& instructions) {
  int longest = 0;
  int run = 0;
  bool fenced = false;
  for (const auto& raw : split_lines(instructions)) {
    const std::string_view line = trim(raw);
    if (line.empty()) continue;  // neither code nor the end of it
    if (line.substr(0, 3) == "```" || line.substr(0, 3) == "~~~") {
      fenced = !fenced;
      continue;
    }
    const bool indented = raw[0] == '\t' || raw.compare(0, 4, "    ") == 0;
    const bool goes_on = run > 0 && (indented || line.front() == '#') && !is_list_item(line);
    run = fenced || is_code_like(line) || goes_on ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

}  // namespace mixagent
