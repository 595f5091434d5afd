#include "engine/dispatch.h"

#include "base/text.h"
#include "core/plan_rules.h"
#include "engine/integrate.h"
#include "engine/step.h"
#include "engine/step_runner.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

namespace mixagent {

namespace {

enum class Phase { waiting, running, accepted, failed, skipped };

class Dispatcher {
 public:
  Dispatcher(RunContext& run, const Plan& plan, const Tree& head, DispatchOptions options)
      : run_(run),
        tools_(run.tools),
        plan_(plan),
        options_(std::move(options)),
        runner_([this](StepJob job) { return run_step(run_, std::move(job)); }) {
    out_.head = head;
    for (const Step& step : plan.steps) phase_[step.id] = Phase::waiting;
  }

  Dispatched go() {
    while (true) {
      skip_dependants();
      start_ready();
      if (runner_.running() == 0) break;
      auto outcome = next_outcome();
      if (!outcome) {
        if (!out_.error) out_.error = outcome.error();
        outcome = runner_.wait();
      }
      take(std::move(*outcome));
    }
    skip_rest();
    return std::move(out_);
  }

 private:
  void start_ready();
  Result<StepOutcome> next_outcome();
  bool ready(const Step& step) const;
  void start(const Step& step, int round);
  void take(StepOutcome outcome);
  void ended(StepOutcome outcome, Phase phase);
  void skip_dependants();
  void skip(const Step& step, const std::string& why);
  void skip_rest();
  StepJob job_for(const Step& step) const;
  std::string targets_of(const Step& step, bool solo) const;
  void adopt_tests(const StepOutcome& outcome);
  bool has_dependants(const Step& step) const;
  void note_error(const Result<Event>& appended) {
    if (!appended && !out_.error) out_.error = appended.error();
  }

  RunContext& run_;
  Tools& tools_;
  const Plan& plan_;
  const DispatchOptions options_;
  std::map<std::string, Phase> phase_;
  std::map<std::string, int> rounds_;
  int started_ = 0, taken_ = 0;
  Dispatched out_;
  StepRunner runner_;
};

// Steps end in any order, and everything after depends on that order: it is recorded, and a resumed
// run takes the outcomes in the same one. What the world broke off is not recorded: it is done
// anew.
Result<StepOutcome> Dispatcher::next_outcome() {
  const std::string key = fmt::format("plan:{}/taken:{}", options_.revision, taken_ + 1);
  MIX_TRY(const auto recorded, tools_.journal.recorded(key, "taken"));
  if (recorded) {
    ++taken_;
    return phase_.count(*recorded) != 0 && phase_[*recorded] == Phase::running
               ? runner_.wait_for(*recorded)
               : runner_.wait();
  }
  StepOutcome outcome = runner_.wait();
  if (outcome.error) return outcome;
  ++taken_;
  MIX_TRY(const BlobId blob, tools_.journal.put(outcome.id));
  MIX_OK(tools_.journal.append(EffectCompleted{key, "taken", blob.text}));
  return outcome;
}

bool Dispatcher::has_dependants(const Step& step) const {
  return std::any_of(plan_.steps.begin(), plan_.steps.end(), [&](const Step& other) {
    return std::find(other.depends_on.begin(), other.depends_on.end(), step.id) !=
           other.depends_on.end();
  });
}

bool Dispatcher::ready(const Step& step) const {
  if (phase_.at(step.id) != Phase::waiting) return false;
  for (const std::string& needed : step.depends_on) {
    if (phase_.at(needed) != Phase::accepted) return false;
  }
  // Steps that write the same files are ordered, as the plan lists them.
  return std::none_of(plan_.steps.begin(), plan_.steps.end(), [&](const Step& other) {
    return phase_.at(other.id) == Phase::running && scopes_overlap(step, other);
  });
}

void Dispatcher::start_ready() {
  if (out_.error && out_.error->code != ErrorCode::budget)
    return;  // the world is broken: nothing new
  for (const Step& step : plan_.steps) {
    if (tools_.cancel.requested() || runner_.running() >= tools_.config.run.jobs) return;
    if (!ready(step)) continue;
    if (run_.goal.max_steps > 0 && started_ >= run_.goal.max_steps) {
      if (!out_.error) {
        Error error;
        error.code = ErrorCode::limit;
        error.what = fmt::format("--max-steps {} is reached", run_.goal.max_steps);
        out_.error = error;
      }
      return;
    }
    ++started_;
    start(step, 1);
  }
}

// Own checks decide; without any, the goal's: all of them for the goal as one step, else those that
// must not break.
StepJob Dispatcher::job_for(const Step& step) const {
  StepJob job;
  job.step = step;
  job.base = out_.head;
  job.solo = plan_.decision == Decision::solo;
  job.notes = options_.notes;
  job.later_rung = options_.later_rung;
  job.review = tools_.config.review.enabled;
  job.recut = options_.recut;
  job.one_rung = options_.tests_first;
  job.expect_failure =
      step.action == StepAction::test && (options_.tests_first || has_dependants(step));
  job.targets = targets_of(step, job.solo);
  job.checks = step.checks;
  for (const std::string& needed : step.depends_on) {
    const auto test = std::find_if(plan_.steps.begin(), plan_.steps.end(),
                                   [&](const Step& s) { return s.id == needed; });
    if (test->action != StepAction::test) continue;
    for (const Check& check : test->checks) {
      if (std::find(job.checks.begin(), job.checks.end(), check) == job.checks.end())
        job.checks.push_back(check);
    }
  }
  if (job.checks.empty() && (!job.expect_failure || options_.tests_first)) {
    const auto& reported = tools_.config.verify.known_failing;  // and nothing more
    for (const Check& check : run_.goal.checks) {
      const CheckRecord* base = find_record(run_.baseline, check.command, run_.snapshot.id.text);
      if (base != nullptr && base->unusable) continue;
      if (std::find(reported.begin(), reported.end(), check.command) != reported.end()) continue;
      const bool held = base != nullptr && (base->passed() || base->counts) && !base->flaky;
      if (job.solo || held) job.checks.push_back(check);
    }
  }
  return job;
}

// The tests that test steps before this one brought, by name.
std::string Dispatcher::targets_of(const Step& step, bool solo) const {
  std::string names;
  for (const CheckRecord& record : run_.proof.seen_failing) {
    const bool ours =
        solo || std::any_of(plan_.steps.begin(), plan_.steps.end(), [&](const Step& other) {
          const auto& needs = step.depends_on;
          return std::find(needs.begin(), needs.end(), other.id) != needs.end() &&
                 std::any_of(other.checks.begin(), other.checks.end(),
                             [&](const Check& check) { return check.command == record.command; });
        });
    if (ours) names += join(record.broken, "\n") + "\n";
  }
  return names;
}

// A test step that is accepted: its checks were seen to fail, its files are what judges from now
// on.
void Dispatcher::adopt_tests(const StepOutcome& outcome) {
  Proof& proof = run_.proof;
  for (const CheckRecord& record : outcome.checks) {
    if (!record.passed() && !record.unusable) proof.seen_failing.push_back(record);
  }
  const Tree& before = proof.tests.empty() ? run_.snapshot.tree : proof.tests;
  proof.tests = apply_change(before, difference(outcome.base, outcome.tree));
}

void Dispatcher::start(const Step& step, int round) {
  phase_[step.id] = Phase::running;
  rounds_[step.id] = round;
  StepJob job = job_for(step);
  job.key = fmt::format("plan:{}/step:{}{}", options_.revision, step.id, round > 1 ? "/again" : "");
  note_error(
      tools_.journal.append(StepStarted{step.id, step.title, step.seat, tree_id(job.base).text}));
  if (const auto kept = tools_.workspaces.keep(job.base); !kept && !out_.error)
    out_.error = kept.error();
  runner_.start(std::move(job));
}

// Integrates, or does the step once more on the newer head, or gives it up.
void Dispatcher::take(StepOutcome outcome) {
  if (outcome.error && !out_.error) out_.error = outcome.error;
  if (outcome.status == StepStatus::failed) return ended(std::move(outcome), Phase::failed);

  const auto step = std::find_if(plan_.steps.begin(), plan_.steps.end(),
                                 [&](const Step& s) { return s.id == outcome.id; });
  auto merged = integrate(run_, *step, outcome, out_.head);
  if (!merged) {
    if (!out_.error) out_.error = merged.error();
    outcome.status = StepStatus::failed;
    outcome.why = describe(merged.error());
    return ended(std::move(outcome), Phase::failed);
  }
  if (merged->problem.empty()) {
    if (job_for(*step).expect_failure) adopt_tests(outcome);
    out_.head = std::move(merged->tree);
    return ended(std::move(outcome), Phase::accepted);
  }
  if (rounds_[outcome.id] == 1 && !tools_.cancel.requested()) return start(*step, 2);
  outcome.status = StepStatus::failed;
  outcome.why = merged->problem;
  ended(std::move(outcome), Phase::failed);
}

void Dispatcher::ended(StepOutcome outcome, Phase phase) {
  phase_[outcome.id] = phase;
  if (phase != Phase::accepted) {
    out_.all_accepted = false;
    out_.recut = out_.recut || outcome.recut;
    if (out_.question.empty()) out_.question = outcome.question;
  }
  const std::string tree = phase == Phase::accepted ? tree_id(outcome.tree).text : "";
  note_error(tools_.journal.append(StepCompleted{outcome.id, outcome.status, tree, outcome.why}));
  out_.checks.insert(out_.checks.end(), outcome.checks.begin(), outcome.checks.end());
  outcome.base.clear(), outcome.tree.clear();  // the head holds them: many steps, many trees
  out_.outcomes.push_back(std::move(outcome));
}

void Dispatcher::skip(const Step& step, const std::string& why) {
  phase_[step.id] = Phase::skipped;
  out_.all_accepted = false;
  note_error(tools_.journal.append(StepSkipped{step.id, why}));
  StepOutcome outcome;
  outcome.id = step.id;
  outcome.status = StepStatus::skipped;
  outcome.why = why;
  out_.outcomes.push_back(std::move(outcome));
}

void Dispatcher::skip_dependants() {
  bool again = true;
  while (again) {
    again = false;
    for (const Step& step : plan_.steps) {
      if (phase_[step.id] != Phase::waiting) continue;
      for (const std::string& needed : step.depends_on) {
        const Phase phase = phase_.at(needed);
        if (phase != Phase::failed && phase != Phase::skipped) continue;
        skip(step, "it depends on " + needed + ", which " +
                       (phase == Phase::failed ? "failed" : "was skipped"));
        again = true;
        break;
      }
    }
  }
}

void Dispatcher::skip_rest() {
  for (const Step& step : plan_.steps) {
    if (phase_[step.id] == Phase::waiting)
      skip(step, out_.error ? describe(*out_.error) : "the run was stopped");
  }
}

}  // namespace

Dispatched dispatch(RunContext& run, const Plan& plan, const Tree& head,
                    const DispatchOptions& options) {
  Dispatcher dispatcher(run, plan, head, options);
  return dispatcher.go();
}

}  // namespace mixagent
