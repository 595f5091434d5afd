#include "engine/step.h"

#include "base/text.h"
#include "engine/attempt.h"
#include "engine/ladder.h"
#include "engine/planner.h"
#include "engine/texts.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace mixagent {

namespace {

constexpr std::size_t most_dossier_diff = 16'000;  // bytes
constexpr std::size_t most_dossier_output = 6'000;

// What the next rung is told of the attempt that failed.
Result<std::string> dossier(RunContext& run, const StepJob& job, const AttemptResult& failed) {
  MIX_TRY(const std::string diff, run.tools.workspaces.diff(difference(job.base, failed.tree)));
  return render(
      run.tools, "handoff",
      {{"diff", clip_middle(repair_utf8(diff), most_dossier_diff)},
       {"command", failed.failed_command},
       {"output", clip_middle(std::string(trim(failed.failed_output)), most_dossier_output)},
       {"diagnosis", clip(failed.diagnosis, 2'000)},
       {"findings", findings_text(failed.open)},
       {"avoid",
        failed.outcome == "checks_failed" ? "" : failed.outcome + ": " + clip(failed.why, 500)}});
}

bool is_models_fault(const Error& error) {
  return error.code == ErrorCode::context_too_long || error.code == ErrorCode::content_filter;
}

// Accepted work is verified when a command said so that also could have said no.
StepStatus status_of(const StepJob& job, const AttemptResult& accepted) {
  const bool usable =
      std::any_of(accepted.checks.begin(), accepted.checks.end(), [&](const CheckRecord& check) {
        return !check.unusable && (job.expect_failure || check.passed());
      });
  return usable ? StepStatus::verified : StepStatus::unverified;
}

class Ladder {
 public:
  // `attempts`: of this step so far; the next one is numbered after them.
  Ladder(RunContext& run, StepJob& job, int& attempts)
      : run_(run), tools_(run.tools), job_(job), attempts_(attempts) {}
  Result<StepOutcome> climb();
  const std::string& last_words() const { return last_words_; }

 private:
  Result<void> base_checks();
  Result<AttemptResult> attempt(int rung, const Seat& seat, const std::string& why,
                                const std::string& text);
  Result<void> stop(const std::string& model, const std::string& why);
  StepOutcome accepted(AttemptResult result, const std::string& model) const;
  StepOutcome failed(const AttemptResult& result, const std::string& why) const;

  RunContext& run_;
  Tools& tools_;
  StepJob& job_;
  int& attempts_;
  std::string last_words_;  // the dossier of the last failure, for a planner
};

// The step's own checks on the tree it starts from, before a worker is paid: what passes already
// proves nothing.
Result<void> Ladder::base_checks() {
  if (!job_.before.empty() || job_.checks.empty()) return {};
  const CheckSite site{job_.step.id, "baseline", job_.key + "/before", run_.goal.repository,
                       names_of(job_)};
  MIX_TRY(const auto runs, run_checks(tools_, job_.checks, job_.base, site, run_.baseline));
  for (const CheckRun& done : runs) {
    job_.before.push_back(done.record);
    if (!done.record.unusable || done.record.origin != CheckOrigin::planner) continue;
    MIX_OK(tools_.journal.append(NoteAdded{"the planned check `" + clip(done.record.command, 200) +
                                               "` cannot run and says nothing: " + done.record.why,
                                           job_.step.id}));
  }
  return {};
}

Result<void> Ladder::stop(const std::string& model, const std::string& why) {
  MIX_OK(tools_.journal.append(LadderStopped{job_.step.id, model, why}));
  return {};
}

Result<AttemptResult> Ladder::attempt(int rung, const Seat& seat, const std::string& why,
                                      const std::string& text) {
  const int number = ++attempts_;
  const Model* model = tools_.config.lineup.model(seat.ladder[static_cast<std::size_t>(rung)]);
  MIX_CHECK(model != nullptr, "every rung of a ladder is a known model");
  MIX_OK(tools_.journal.append(
      AttemptStarted{job_.step.id, number, rung, seat.name, model->name, why}));
  auto result = run_attempt(run_, job_, {number, rung, seat, *model, text});
  if (!result && is_models_fault(result.error())) {
    AttemptResult failed;
    failed.outcome = result.error().code == ErrorCode::content_filter ? "refused" : "limit";
    failed.why = describe(result.error());
    failed.tree = job_.base;
    result = std::move(failed);
  }
  const std::string outcome = result                                        ? result->outcome
                              : result.error().code == ErrorCode::budget    ? "budget"
                              : result.error().code == ErrorCode::cancelled ? "cancelled"
                                                                            : "error";
  const std::string tree = result ? tree_id(result->tree).text : "";
  const AttemptCompleted done{job_.step.id,
                              number,
                              rung,
                              seat.name,
                              model->name,
                              outcome,
                              result ? result->why : describe(result.error()),
                              tree};
  MIX_OK(tools_.journal.append(done));
  run_.caller.book().learn(done);
  return result;
}

StepOutcome Ladder::accepted(AttemptResult result, const std::string& model) const {
  StepOutcome out;
  out.id = job_.step.id;
  out.base = job_.base;
  out.status = status_of(job_, result);
  out.model = model;
  out.attempt = attempts_;
  out.before = job_.before;
  out.checks = std::move(result.checks);
  out.open = std::move(result.open);
  out.tree = std::move(result.tree);
  return out;
}

StepOutcome Ladder::failed(const AttemptResult& result, const std::string& why) const {
  StepOutcome out;
  out.id = job_.step.id;
  out.base = job_.base;
  if (result.outcome == "blocked") out.blocked = result.why;
  out.why = result.outcome + ": " + result.why + (why.empty() ? "" : " (" + why + ")");
  return out;
}

Result<StepOutcome> Ladder::climb() {
  const Seat* seat = tools_.config.lineup.seat(job_.step.seat);
  MIX_CHECK(seat != nullptr && !seat->ladder.empty(), "a validated step names a seat with a model");
  MIX_OK(base_checks());
  const int last = static_cast<int>(seat->ladder.size()) - 1;
  int rung = first_rung(*seat, tools_.config.lineup, job_.step.difficulty);
  std::string why =
      rung > 0 ? "of " + std::string(enum_name(job_.step.difficulty)) + " difficulty" : "";
  if (job_.later_rung && rung < last) {
    ++rung;
    why = "one rung higher: no check tells right from wrong before the work";
  }
  const int top = job_.one_rung ? rung : last;
  std::vector<Tried> tried;
  std::string text;
  std::optional<StepOutcome> kept;  // all its checks passed
  const auto deliver_open = [&](StepOutcome outcome) -> Result<StepOutcome> {
    MIX_OK(stop(outcome.model, "all checks pass; what the review still finds is delivered open"));
    return outcome;
  };
  while (true) {
    const std::string& model = seat->ladder[static_cast<std::size_t>(rung)];
    MIX_TRY(AttemptResult result, attempt(rung, *seat, why, text));
    why.clear();
    if (result.outcome == "accepted") return accepted(std::move(result), model);
    // A review that stands after its rounds, with all commands passing, is worth one more rung and
    // does not sink the step: it is delivered open.
    const bool only_reviewed = result.outcome == "rejected" && !result.replan;
    if (only_reviewed && (rung == top || kept))
      return deliver_open(accepted(std::move(result), model));
    if (kept && !result.replan) return deliver_open(std::move(*kept));
    if (only_reviewed) kept = accepted(result, model);
    tried.push_back({result.outcome, failure_sign(result.failed_command, result.failed_output)});
    const NextMove move = next_move(tried, rung, top);
    MIX_TRY(text, dossier(run_, job_, result));
    last_words_ = text;
    if (!move.climb || result.replan) {
      const std::string end = result.replan ? "the reviewer asks for another plan" : move.why;
      MIX_OK(stop(model, end));
      return failed(result, result.replan ? "" : end);
    }
    MIX_OK(tools_.journal.append(Escalated{job_.step.id, model,
                                           seat->ladder[static_cast<std::size_t>(move.rung)],
                                           result.outcome + ": " + clip(result.why, 300) +
                                               (move.why.empty() ? "" : "; " + move.why)}));
    rung = move.rung;
  }
}

// The ladder's end: the planner cuts the step anew, once; the pieces are done one after another,
// and the step's own checks decide on what they add up to.
class Recut {
 public:
  Recut(RunContext& run, const StepJob& job, int& attempts)
      : run_(run), tools_(run.tools), job_(job), attempts_(attempts) {}
  Result<StepOutcome> go(StepOutcome failed, const std::string& last_words);

 private:
  Result<StepOutcome> piece(const Step& step, std::size_t index, const Tree& base);
  Result<StepOutcome> judged(StepOutcome last);

  RunContext& run_;
  Tools& tools_;
  const StepJob& job_;
  int& attempts_;
};

Result<StepOutcome> Recut::go(StepOutcome failed, const std::string& last_words) {
  MIX_OK(tools_.journal.append(Replanned{clip(failed.why, 500), job_.step.id}));
  PlanRequest request;
  request.key = job_.key + "/recut";
  request.goal = run_.goal.text;
  request.tree = job_.base;
  MIX_TRY(request.failure, render(tools_, "recut",
                                  {{"title", job_.step.title},
                                   {"instructions", job_.step.instructions},
                                   {"failure", failed.why},
                                   {"dossier", last_words}}));
  MIX_TRY(const Planned planned, plan_goal(run_, request));
  failed.recut = true;
  if (planned.plan.decision == Decision::need_input) failed.question = planned.plan.question;
  if (planned.plan.decision != Decision::plan) {
    failed.why += "; the planner did not cut it anew: " + clip(planned.reason, 300);
    return failed;
  }
  StepOutcome last;
  StepStatus weakest = StepStatus::verified;
  std::vector<Finding> open;
  Tree base = job_.base;
  for (std::size_t i = 0; i < planned.plan.steps.size(); ++i) {
    MIX_TRY(last, piece(planned.plan.steps[i], i, base));
    if (last.status == StepStatus::failed) {
      failed.why = fmt::format("cut anew, and piece {} failed: {}", i + 1, last.why);
      failed.blocked = last.blocked;
      return failed;
    }
    base = last.tree;
    if (last.status == StepStatus::unverified) weakest = StepStatus::unverified;
    open.insert(open.end(), last.open.begin(), last.open.end());
  }
  last.base = job_.base;
  last.status = weakest;
  last.open = std::move(open);
  last.before = job_.before;
  return judged(std::move(last));
}

Result<StepOutcome> Recut::piece(const Step& step, std::size_t index, const Tree& base) {
  StepJob job = job_;
  job.step = step;
  job.step.id = job_.step.id;
  job.base = base;
  job.checks = step.checks;
  job.before.clear();
  job.key = fmt::format("{}/recut:{}", job_.key, index + 1);
  Ladder ladder(run_, job, attempts_);
  return ladder.climb();
}

Result<StepOutcome> Recut::judged(StepOutcome last) {
  last.recut = true;
  const CheckSite site{job_.step.id, "attempt", job_.key + "/recut/verify", run_.goal.repository,
                       names_of(job_)};
  MIX_TRY(const auto runs, run_checks(tools_, job_.checks, last.tree, site, job_.before));
  for (const CheckRun& done : runs) {
    last.checks.push_back(done.record);
    if (done.record.passed()) last.status = StepStatus::verified;
    if (done.record.passed() || done.record.unusable) continue;
    last.status = StepStatus::failed;
    last.why = fmt::format("cut anew and done, but `{}` exits {}", clip(done.record.command, 120),
                           done.record.exit_code);
  }
  return last;
}

bool may_recut(const RunContext& run, const StepJob& job) {
  const Seat* planner = run.tools.config.lineup.seat("planner");
  return planner != nullptr && !planner->ladder.empty() && !job.solo && !job.expect_failure &&
         job.recut && !job.one_rung && !run.goal.plan && !run.tools.cancel.requested();
}

Result<StepOutcome> climb_and_recut(RunContext& run, StepJob& job, int& attempts) {
  Ladder ladder(run, job, attempts);
  MIX_TRY(StepOutcome outcome, ladder.climb());
  const bool in_vain = outcome.status == StepStatus::failed && outcome.blocked.empty();
  if (!in_vain || !may_recut(run, job)) return outcome;
  return Recut(run, job, attempts).go(std::move(outcome), ladder.last_words());
}

}  // namespace

StepOutcome run_step(RunContext& run, StepJob job) {
  int attempts = job.attempts;
  auto outcome = climb_and_recut(run, job, attempts);
  if (outcome) {
    outcome->attempts = attempts;
    return std::move(*outcome);
  }
  StepOutcome failed;
  failed.attempts = attempts;
  failed.id = job.step.id;
  failed.base = job.base;
  failed.error = outcome.error();
  failed.why = describe(outcome.error());
  return failed;
}

}  // namespace mixagent
