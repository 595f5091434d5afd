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

// merged: accepted by its own checks, in a batch that nobody checked yet.
enum class Phase { waiting, running, merged, accepted, failed, skipped };

constexpr std::size_t most_in_batch = 16;  // a late failure costs what was built beside it

class Dispatcher {
 public:
  Dispatcher(RunContext& run, const Plan& plan, const Tree& head, DispatchOptions options)
      : run_(run),
        tools_(run.tools),
        plan_(plan),
        options_(std::move(options)),
        integration_(run, head, fmt::format("plan:{}", options_.revision)),
        runner_([this](StepJob job) { return run_step(run_, std::move(job)); }) {
    for (const Step& step : plan.steps) phase_[step.id] = Phase::waiting;
  }

  Dispatched go() {
    while (true) {
      skip_dependants();
      start_ready();
      if (runner_.running() > 0) {
        take(next_outcome());
      } else if (!integration_.batch().empty()) {
        settle();
      } else {
        break;
      }
    }
    skip_rest();
    out_.head = integration_.good();
    return std::move(out_);
  }

 private:
  void start_ready();
  StepOutcome next_outcome();
  bool ready(const Step& step) const;
  bool needs_batch(const Step& step) const;
  bool limit_reached();
  void start(const Step& step);
  void take(StepOutcome outcome);
  void settle();
  void set_back(Integration::Member member, const std::string& problem);
  void failed(StepOutcome outcome, const std::string& why);
  void ended(StepOutcome outcome, Phase phase);
  void skip_dependants();
  void skip(const Step& step, const std::string& why);
  void skip_rest();
  StepJob job_for(const Step& step) const;
  std::string targets_of(const Step& step, bool solo) const;
  void adopt_tests(const StepOutcome& outcome);
  bool has_dependants(const Step& step) const;
  bool expects_failure(const Step& step) const;
  void note(const Error& error) {
    if (!out_.error) out_.error = error;
  }
  void note_error(const Result<Event>& appended) {
    if (!appended) note(appended.error());
  }

  RunContext& run_;
  Tools& tools_;
  const Plan& plan_;
  const DispatchOptions options_;
  std::map<std::string, Phase> phase_;
  struct SetBack {
    std::string why;
    int attempts = 0;  // until then
  };
  std::map<std::string, SetBack> again_;  // steps set back once
  int started_ = 0, taken_ = 0;
  Dispatched out_;
  Integration integration_;
  StepRunner runner_;
};

// Steps end in any order, and everything after depends on that order: it is recorded, and a resumed
// run takes the outcomes in the same one. What the world broke off is not recorded: it is done
// anew. An outcome comes once: what cannot be recorded is taken too, and nothing starts after it.
StepOutcome Dispatcher::next_outcome() {
  const std::string key = fmt::format("plan:{}/taken:{}", options_.revision, taken_ + 1);
  const auto recorded = tools_.journal.recorded(key, "taken");
  if (!recorded) {
    note(recorded.error());
  } else if (*recorded) {
    ++taken_;
    const auto phase = phase_.find(**recorded);
    return phase != phase_.end() && phase->second == Phase::running ? runner_.wait_for(**recorded)
                                                                    : runner_.wait();
  }
  StepOutcome outcome = runner_.wait();
  if (outcome.error || !recorded) return outcome;
  ++taken_;
  if (const auto blob = tools_.journal.put(outcome.id)) {
    note_error(tools_.journal.append(EffectCompleted{key, "taken", blob->text}));
  } else {
    note(blob.error());
  }
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
    const Phase phase = phase_.at(needed);
    if (phase != Phase::accepted && phase != Phase::merged) return false;
  }
  // Steps that write the same files are ordered, as the plan lists them.
  return std::none_of(plan_.steps.begin(), plan_.steps.end(), [&](const Step& other) {
    return phase_.at(other.id) == Phase::running && scopes_overlap(step, other);
  });
}

// Builds on what is merged and not checked yet; what was set back by it does.
bool Dispatcher::needs_batch(const Step& step) const {
  const auto& batch = integration_.batch();
  if (batch.size() >= most_in_batch) return true;
  if (!batch.empty() && again_.count(step.id) != 0) return true;
  return std::any_of(batch.begin(), batch.end(), [&](const Integration::Member& one) {
    const auto& needs = step.depends_on;
    return scopes_overlap(step, *one.step) ||
           std::find(needs.begin(), needs.end(), one.step->id) != needs.end();
  });
}

bool Dispatcher::limit_reached() {
  if (run_.goal.max_steps == 0 || started_ < run_.goal.max_steps) return false;
  if (!out_.error) {
    Error error;
    error.code = ErrorCode::limit;
    error.what = fmt::format("--max-steps {} is reached", run_.goal.max_steps);
    out_.error = error;
  }
  return true;
}

void Dispatcher::start_ready() {
  for (const Step& step : plan_.steps) {
    if (out_.error && out_.error->code != ErrorCode::budget)
      return;  // the world is broken: nothing new
    if (tools_.cancel.requested() || runner_.running() >= tools_.config.run.jobs) return;
    if (!ready(step)) continue;
    if (needs_batch(step)) {
      settle();
      skip_dependants();
      return start_ready();  // the batch is empty now
    }
    if (again_.count(step.id) == 0) {
      if (limit_reached()) return;
      ++started_;
    }
    start(step);
  }
}

bool Dispatcher::expects_failure(const Step& step) const {
  return step.action == StepAction::test && (options_.tests_first || has_dependants(step));
}

// Own checks decide; without any, the goal's: all of them for the goal as one step, else those that
// must not break.
StepJob Dispatcher::job_for(const Step& step) const {
  StepJob job;
  job.step = step;
  job.base = integration_.good();
  job.solo = plan_.decision == Decision::solo;
  job.notes = options_.notes;
  if (const auto why = again_.find(step.id); why != again_.end())
    job.notes += (job.notes.empty() ? "" : "\n") +
                 ("This step was done before and did not fit: " + why->second.why);
  job.later_rung = options_.later_rung;
  job.review = tools_.config.review.enabled;
  job.recut = options_.recut;
  job.one_rung = options_.tests_first;
  job.expect_failure = expects_failure(step);
  job.targets = targets_of(step, job.solo);
  for (const Step& other : plan_.steps) {
    const Phase phase = phase_.at(other.id);
    const bool soon = tools_.config.run.jobs > 1 && ready(other);
    const bool apart = phase == Phase::running || phase == Phase::merged || soon;
    if (apart && other.id != step.id) job.beside.push_back(other);
  }
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

void Dispatcher::start(const Step& step) {
  phase_[step.id] = Phase::running;
  StepJob job = job_for(step);
  job.attempts = run_.attempts[step.id];
  job.key = fmt::format("plan:{}/step:{}{}", options_.revision, step.id,
                        again_.count(step.id) != 0 ? "/again" : "");
  note_error(
      tools_.journal.append(StepStarted{step.id, step.title, step.seat, tree_id(job.base).text}));
  if (const auto kept = tools_.workspaces.keep(job.base); !kept) note(kept.error());
  runner_.start(std::move(job));
}

// Into the batch, or back.
void Dispatcher::take(StepOutcome outcome) {
  run_.attempts[outcome.id] = outcome.attempts;
  if (outcome.error) note(*outcome.error);
  if (outcome.status == StepStatus::failed) return ended(std::move(outcome), Phase::failed);
  const auto step = std::find_if(plan_.steps.begin(), plan_.steps.end(),
                                 [&](const Step& s) { return s.id == outcome.id; });
  Integration::Member member{&*step, std::move(outcome), {}};
  const auto problem = integration_.add(member);
  if (!problem) {
    note(problem.error());
    return failed(std::move(member.outcome), describe(problem.error()));
  }
  if (!problem->empty()) return set_back(std::move(member), *problem);
  phase_[step->id] = Phase::merged;
}

void Dispatcher::settle() {
  Integration::Settled settled = integration_.settle();
  if (settled.error) note(*settled.error);
  out_.checks.insert(out_.checks.end(), settled.checks.begin(), settled.checks.end());
  for (Integration::Member& one : settled.accepted) {
    if (expects_failure(*one.step)) adopt_tests(one.outcome);
    ended(std::move(one.outcome), Phase::accepted);
  }
  for (Integration::Setback& one : settled.back) set_back(std::move(one.member), one.problem);
  for (Integration::Member& one : settled.left)
    failed(std::move(one.outcome), describe(*settled.error));
}

// Once more, on what is good by now; then it fails.
void Dispatcher::set_back(Integration::Member member, const std::string& problem) {
  if (again_.count(member.step->id) != 0 || tools_.cancel.requested())
    return failed(std::move(member.outcome), problem);
  again_[member.step->id] = {problem, member.outcome.attempts};
  phase_[member.step->id] = Phase::waiting;
}

void Dispatcher::failed(StepOutcome outcome, const std::string& why) {
  outcome.status = StepStatus::failed;
  outcome.why = why;
  ended(std::move(outcome), Phase::failed);
}

void Dispatcher::ended(StepOutcome outcome, Phase phase) {
  phase_[outcome.id] = phase;
  if (phase != Phase::accepted) {
    out_.all_accepted = false;
    out_.recut = out_.recut || outcome.recut;
    if (out_.question.empty()) out_.question = outcome.question;
    if (out_.blocked.empty() && !outcome.blocked.empty())
      out_.blocked = outcome.id + ": " + outcome.blocked;
  }
  const std::string tree = phase == Phase::accepted ? tree_id(outcome.tree).text : "";
  const auto back = again_.find(outcome.id);
  note_error(tools_.journal.append(
      StepCompleted{outcome.id, outcome.status, tree, outcome.why, outcome.attempt,
                    back == again_.end() ? 0 : back->second.attempts}));
  out_.checks.insert(out_.checks.end(), outcome.checks.begin(), outcome.checks.end());
  if (phase == Phase::accepted)
    out_.open.insert(out_.open.end(), outcome.open.begin(), outcome.open.end());
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
