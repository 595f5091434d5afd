#pragma once
// Everything that happens, as facts. One fact = one line of events.jsonl = one line of
// `stream-json`; the names are those of PROTOCOLS 4.2 and stay stable. A fact is appended to the
// journal before anything relies on it. What may be lost (tokens so far, spinner phase) is Progress
// (console.h) and never stands here.
//
// Adding a fact: a struct with `type` and `fields`, one entry in Fact, one case in
// core/run_state.cpp. Readers ignore unknown types and fields, so adding is compatible; renaming is
// not.

#include "mixagent/call_facts.h"
#include "mixagent/ids.h"
#include "mixagent/money.h"
#include "mixagent/plan.h"
#include "mixagent/result.h"
#include "mixagent/review.h"
#include "mixagent/usage.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mixagent {

struct RunStarted {
  static constexpr std::string_view type = "run.started";
  int schema = 1;
  std::string version, goal, repository, user, lane, require, isolation;
  int jobs = 0;
  std::optional<Money> cap;
  std::map<std::string, std::string> seats;  // seat -> "model, model, ..."
  std::string config;  // blob: the effective configuration as TOML, no secrets in it
  template <class V>
  void fields(V& v) {
    v.may("schema", schema);
    v.may("version", version);
    v.may("goal", goal);
    v.may("repository", repository);
    v.may("user", user);
    v.may("lane", lane);
    v.may("require", require);
    v.may("isolation", isolation);
    v.may("jobs", jobs);
    v.may("cap_usd", cap);
    v.may("seats", seats);
    v.may("config", config);
  }
};

struct RunResumed {
  static constexpr std::string_view type = "run.resumed";
  std::int64_t after_seq = 0;
  template <class V>
  void fields(V& v) {
    v.may("after_seq", after_seq);
  }
};

struct SnapshotTaken {
  static constexpr std::string_view type = "snapshot.taken";
  std::string tree;
  std::int64_t files = 0, bytes = 0, ms = 0;
  std::vector<std::string> left_out;  // untracked files over the limit
  template <class V>
  void fields(V& v) {
    v.may("tree", tree);
    v.may("files", files);
    v.may("bytes", bytes);
    v.may("ms", ms);
    v.may("left_out", left_out);
  }
};

struct BaselineCompleted {
  static constexpr std::string_view type = "baseline.completed";
  std::vector<CheckRecord> checks;
  template <class V>
  void fields(V& v) {
    v.may("checks", checks);
  }
};

struct PlanCreated {
  static constexpr std::string_view type = "plan.created";
  std::string lane;    // the lane taken: "plan" or "solo"
  std::string reason;  // why this lane
  int revision = 1;
  Plan plan;
  std::vector<std::string> warnings;
  template <class V>
  void fields(V& v) {
    v.may("lane", lane);
    v.may("reason", reason);
    v.may("revision", revision);
    v.may("plan", plan);
    v.may("warnings", warnings);
  }
};

struct PlanRejected {
  static constexpr std::string_view type = "plan.rejected";
  std::string why;
  template <class V>
  void fields(V& v) {
    v.may("why", why);
  }
};

struct Replanned {
  static constexpr std::string_view type = "replanned";
  std::string why, step;
  template <class V>
  void fields(V& v) {
    v.may("why", why);
    v.may("step", step);
  }
};

struct StepStarted {
  static constexpr std::string_view type = "step.started";
  std::string step, title, seat, base;  // base: tree
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("title", title);
    v.may("seat", seat);
    v.may("base", base);
  }
};

struct AttemptStarted {
  static constexpr std::string_view type = "attempt.started";
  std::string step;
  int attempt = 1, rung = 0;
  std::string seat, model;
  std::string why = {};  // of the first attempt: why the ladder is entered at this rung
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("attempt", attempt);
    v.may("rung", rung);
    v.may("seat", seat);
    v.may("model", model);
    v.may("why", why);
  }
};

struct ToolCompleted {
  static constexpr std::string_view type = "tool.completed";
  std::string step, seat;
  int attempt = 0;
  std::string name;
  bool ok = true;
  std::int64_t ms = 0;
  std::string about;  // path or command, clipped
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("seat", seat);
    v.may("attempt", attempt);
    v.may("name", name);
    v.may("ok", ok);
    v.may("ms", ms);
    v.may("about", about);
  }
};

struct EditApplied {
  static constexpr std::string_view type = "edit.applied";
  std::string step, path, how;
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("path", path);
    v.may("how", how);
  }
};

struct EditRejected {
  static constexpr std::string_view type = "edit.rejected";
  std::string step, path, why;
  bool missed = false;  // the search did not tell one place; false: not allowed, no such file
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("path", path);
    v.may("why", why);
    v.may("missed", missed);
  }
};

struct ScopeExtended {
  static constexpr std::string_view type = "scope.extended";
  std::string step, path;
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("path", path);
  }
};

struct GateFailed {
  static constexpr std::string_view type = "gate.failed";
  std::string step;
  int attempt = 0;
  std::string gate, why;
  bool hard = true;
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("attempt", attempt);
    v.may("gate", gate);
    v.may("why", why);
    v.may("hard", hard);
  }
};

struct CheckCompleted {
  static constexpr std::string_view type = "check.completed";
  std::string step;   // empty: the goal's
  std::string phase;  // baseline | attempt | integration | final
  CheckRecord check;
  std::string output;  // blob
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("phase", phase);
    v.flat(check);
    v.may("output", output);
  }
};

struct AttemptCompleted {
  static constexpr std::string_view type = "attempt.completed";
  std::string step;
  int attempt = 0, rung = 0;
  std::string seat, model;
  std::string outcome;  // accepted | checks_failed | gate_failed | malformed | silent | loop |
                        // gave_up | limit | refused | rejected (by review) | blocked (the sandbox
                        // denied a dependency) | error | cancelled | budget
  std::string why, tree;
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("attempt", attempt);
    v.may("rung", rung);
    v.may("seat", seat);
    v.may("model", model);
    v.may("outcome", outcome);
    v.may("why", why);
    v.may("tree", tree);
  }
};

struct Escalated {
  static constexpr std::string_view type = "escalated";
  std::string step, from, to, why;
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("from", from);
    v.may("to", to);
    v.may("why", why);
  }
};

// Nobody dearer is asked.
struct LadderStopped {
  static constexpr std::string_view type = "ladder.stopped";
  std::string step, model, why;  // model: of the last attempt
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("model", model);
    v.may("why", why);
  }
};

struct ReviewCompleted {
  static constexpr std::string_view type = "review.completed";
  std::string step;  // empty: the whole diff
  int round = 1;
  std::string model;
  Review review;
  std::string note;  // "same family as the worker", "reviewer not reachable: ..."
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("round", round);
    v.may("model", model);
    v.flat(review);
    v.may("note", note);
  }
};

struct StepCompleted {
  static constexpr std::string_view type = "step.completed";
  std::string step;
  StepStatus status = StepStatus::failed;
  std::string tree, why;
  int attempt = 0;   // whose change it is; 0: the last one's
  int set_back = 0;  // attempts up to this one did not fit beside the other steps
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("status", status);
    v.may("tree", tree);
    v.may("why", why);
    v.may("attempt", attempt);
    v.may("set_back", set_back);
  }
};

struct StepSkipped {
  static constexpr std::string_view type = "step.skipped";
  std::string step, why;
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("why", why);
  }
};

struct ChangeIntegrated {
  static constexpr std::string_view type = "change.integrated";
  std::string step, tree;
  std::vector<std::string> conflicts;      // not empty: nothing was integrated
  std::vector<std::string> resolved = {};  // files whose conflicts a model settled
  template <class V>
  void fields(V& v) {
    v.may("step", step);
    v.may("tree", tree);
    v.may("conflicts", conflicts);
    v.may("resolved", resolved);
  }
};

struct ChangeApplied {
  static constexpr std::string_view type = "change.applied";
  std::string how;  // "started" (files are about to be renamed), "working tree", "branch",
                    // "commit", "patch"
  std::string tree, target;
  std::vector<std::string> files, conflicts;
  std::string commit = {};  // branch, commit: its id
  template <class V>
  void fields(V& v) {
    v.may("how", how);
    v.may("tree", tree);
    v.may("target", target);
    v.may("files", files);
    v.may("conflicts", conflicts);
    v.may("commit", commit);
  }
};

struct BudgetWarning {
  static constexpr std::string_view type = "budget.warning";
  int percent = 0;
  Money spent, cap;
  std::string key = {};  // which cap: "budget.run_usd", "budget.day_usd", "budget.seats.worker"
  template <class V>
  void fields(V& v) {
    v.may("percent", percent);
    v.may("spent_usd", spent);
    v.may("cap_usd", cap);
    v.may("key", key);
  }
};

// Something a person should read once: a fallback taken, a weaker sandbox, a same-family review.
struct NoteAdded {
  static constexpr std::string_view type = "note.added";
  std::string text, step;
  template <class V>
  void fields(V& v) {
    v.may("text", text);
    v.may("step", step);
  }
};

struct RunCompleted {
  static constexpr std::string_view type = "run.completed";
  RunResult result;
  template <class V>
  void fields(V& v) {
    v.may("result", result);
  }
};

// A line written by a newer version: kept, counted, ignored.
struct UnknownFact {
  static constexpr std::string_view type = "";
  std::string name, json;
  template <class V>
  void fields(V&) {}
};

using Fact = std::variant<RunStarted, RunResumed, SnapshotTaken, BaselineCompleted, PlanCreated,
                          PlanRejected, Replanned, StepStarted, AttemptStarted, CallStarted,
                          CallCompleted, CallRetried, CallFailedOver, CallFailed, EffectCompleted,
                          ToolCompleted, EditApplied, EditRejected, ScopeExtended, GateFailed,
                          CheckCompleted, AttemptCompleted, Escalated, LadderStopped,
                          ReviewCompleted, StepCompleted, StepSkipped, ChangeIntegrated,
                          ChangeApplied, BudgetWarning, NoteAdded, RunCompleted, UnknownFact>;

struct Event {
  std::int64_t seq = 0;    // 1-based, without gaps
  std::int64_t at_ms = 0;  // UTC, milliseconds since 1970
  RunId run;
  Fact fact;
};

std::string_view type_of(const Fact& fact);

}  // namespace mixagent
