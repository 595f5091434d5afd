#pragma once
// What a run ends with: the object on standard output (PROTOCOLS 4.1). Derived from the facts,
// nothing else.

#include "mixagent/fields.h"
#include "mixagent/money.h"
#include "mixagent/plan.h"
#include "mixagent/review.h"
#include "mixagent/usage.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

enum class Verified { none, partial, full };  // ordered: none < partial < full
constexpr std::array<std::string_view, 3> enum_names(Verified) {
  return {"none", "partial", "full"};
}

enum class StepStatus { verified, unverified, failed, skipped };
constexpr std::array<std::string_view, 4> enum_names(StepStatus) {
  return {"verified", "unverified", "failed", "skipped"};
}

// error: not a verdict of the test's own (could not be collected, built or set up). flaky: differed
// on one tree.
enum class TestStatus { passed, failed, error, skipped, flaky };
constexpr std::array<std::string_view, 5> enum_names(TestStatus) {
  return {"passed", "failed", "error", "skipped", "flaky"};
}

struct TestCounts {
  int passed = 0, failed = 0, skipped = 0;
  bool operator==(const TestCounts&) const = default;

  template <class V>
  void fields(V& v) {
    v.may("passed", passed);
    v.may("failed", failed);
    v.may("skipped", skipped);
  }
};

// One run of one check by mixagent itself.
struct CheckRecord {
  std::string command;
  int exit_code = 0;
  std::string tree;  // on exactly this tree
  std::int64_t ms = 0;
  std::optional<int> baseline_exit_code;
  bool flaky = false;     // differed on the same tree
  bool unusable = false;  // could not run at all: command not found, denied network, ...
  std::string why;        // unusable: the reason and the remedy
  CheckOrigin origin = CheckOrigin::user;
  // Only where the runner's results could be read; `accepted` then decides in place of the exit
  // code: no test fails that did not fail on the base (core/verdict.h).
  std::optional<TestCounts> counts;
  std::optional<bool> accepted;
  std::vector<std::string> broken;  // tests that fail and must not; at most 50
  std::vector<std::string> fixed;   // tests that failed on the base and pass now; at most 50
  std::map<std::string, TestStatus> tests;  // of every test; not written
  bool operator==(const CheckRecord&) const = default;
  bool passed() const { return !unusable && accepted.value_or(exit_code == 0); }
  // Passes now and did not on the base.
  bool discriminates() const {
    return passed() && (!fixed.empty() || (exit_code == 0 && baseline_exit_code.value_or(0) != 0));
  }

  template <class V>
  void fields(V& v) {
    v.may("command", command);
    v.may("exit_code", exit_code);
    v.may("tree", tree);
    v.may("ms", ms);
    v.may("baseline_exit_code", baseline_exit_code);
    v.may("flaky", flaky);
    v.may("unusable", unusable);
    v.may("why", why);
    v.may("origin", origin);
    v.may("tests", counts);
    v.may("accepted", accepted);
    if (counts) {
      v.may("broken", broken);
      v.may("fixed", fixed);
    }
  }
};

struct StepSummary {
  std::string id, title;
  StepStatus status = StepStatus::failed;
  std::string seat, model;  // the model whose change was accepted, else the last one
  int attempts = 0;
  Money cost;
  bool operator==(const StepSummary&) const = default;

  template <class V>
  void fields(V& v) {
    v.may("id", id);
    v.may("title", title);
    v.may("status", status);
    v.may("seat", seat);
    v.may("model", model);
    v.may("attempts", attempts);
    v.may("usd", cost);
  }
};

struct ResultError {
  std::string kind, message;
  bool operator==(const ResultError&) const = default;
  template <class V>
  void fields(V& v) {
    v.may("kind", kind);
    v.may("message", message);
  }
};

struct RunResult {
  std::string type = "result";
  int schema = 1;
  std::string subtype = "error";
  bool is_error = true;
  int exit_code = 1;
  std::string run_id, goal, decision, reason;
  Verified verified = Verified::none;
  std::vector<CheckRecord> checks;
  std::vector<StepSummary> steps;
  std::vector<Finding> findings_open;
  std::vector<std::string> files_changed;
  std::string commit, branch;
  std::string delivered;  // "working tree", "kept in the run", "patch FILE", "" when nothing was
  Usage usage;
  Money total_cost;
  std::map<std::string, Money> cost_by_seat, cost_by_model;
  Money wasted, frontier_cost;
  int escalations = 0;
  std::vector<std::string> flagged_files;
  std::int64_t duration_ms = 0;
  int model_calls = 0;
  std::string resume;
  std::string resets_at;  // quota only
  std::optional<ResultError> error;
  bool operator==(const RunResult&) const = default;

  template <class V>
  void fields(V& v) {
    v.may("type", type);
    v.may("schema", schema);
    v.may("subtype", subtype);
    v.may("is_error", is_error);
    v.may("exit_code", exit_code);
    v.may("run_id", run_id);
    v.may("goal", goal);
    v.may("decision", decision);
    v.may("reason", reason);
    v.may("verified", verified);
    v.may("checks", checks);
    v.may("steps", steps);
    v.may("findings_open", findings_open);
    v.may("files_changed", files_changed);
    v.may("commit", commit);
    v.may("branch", branch);
    v.may("delivered", delivered);
    v.may("usage", usage);
    v.may("total_cost_usd", total_cost);
    v.may("cost_by_seat", cost_by_seat);
    v.may("cost_by_model", cost_by_model);
    v.may("wasted_usd", wasted);
    v.may("frontier_cost_usd", frontier_cost);
    v.may("escalations", escalations);
    v.may("flagged_files", flagged_files);
    v.may("duration_ms", duration_ms);
    v.may("model_calls", model_calls);
    v.may("resume", resume);
    v.may("resets_at", resets_at);
    v.may("error", error);
  }
};

}  // namespace mixagent
