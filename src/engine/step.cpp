#include "engine/step.h"

#include "base/text.h"
#include "engine/attempt.h"
#include "engine/ladder.h"
#include "engine/texts.h"

#include <fmt/core.h>

#include <algorithm>

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
  Ladder(RunContext& run, StepJob& job) : run_(run), tools_(run.tools), job_(job) {}
  Result<StepOutcome> climb();

 private:
  Result<void> base_checks();
  Result<AttemptResult> attempt(int number, int rung, const Seat& seat, const std::string& text);
  StepOutcome accepted(AttemptResult result) const;

  RunContext& run_;
  Tools& tools_;
  StepJob& job_;
};

// The step's own checks on the tree it starts from, before a worker is paid: what passes already
// proves nothing.
Result<void> Ladder::base_checks() {
  if (!job_.before.empty() || job_.checks.empty()) return {};
  const CheckSite site{job_.step.id, "baseline", job_.key + "/before", run_.goal.repository};
  MIX_TRY(const auto runs, run_checks(tools_, job_.checks, job_.base, site, run_.baseline));
  for (const CheckRun& done : runs) job_.before.push_back(done.record);
  return {};
}

Result<AttemptResult> Ladder::attempt(int number, int rung, const Seat& seat,
                                      const std::string& text) {
  const Model* model = tools_.config.lineup.model(seat.ladder[static_cast<std::size_t>(rung)]);
  MIX_CHECK(model != nullptr, "every rung of a ladder is a known model");
  MIX_OK(tools_.journal.append(AttemptStarted{job_.step.id, number, rung, seat.name, model->name}));
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
  MIX_OK(tools_.journal.append(
      AttemptCompleted{job_.step.id, number, rung, seat.name, model->name, outcome,
                       result ? result->why : describe(result.error()), tree}));
  return result;
}

StepOutcome Ladder::accepted(AttemptResult result) const {
  StepOutcome out;
  out.id = job_.step.id;
  out.base = job_.base;
  out.status = status_of(job_, result);
  out.checks = std::move(result.checks);
  out.open = std::move(result.open);
  out.tree = std::move(result.tree);
  return out;
}

Result<StepOutcome> Ladder::climb() {
  const Seat* seat = tools_.config.lineup.seat(job_.step.seat);
  MIX_CHECK(seat != nullptr && !seat->ladder.empty(), "a validated step names a seat with a model");
  MIX_OK(base_checks());
  const int last = static_cast<int>(seat->ladder.size()) - 1;
  int rung = first_rung(*seat, tools_.config.lineup, job_.step.difficulty);
  if (job_.later_rung) rung = std::min(rung + 1, last);
  std::string text;
  for (int number = 1;; ++number) {
    MIX_TRY(AttemptResult result, attempt(number, rung, *seat, text));
    if (result.outcome == "accepted") return accepted(std::move(result));
    const bool top = rung == last;
    // A review that stands after its rounds, with all commands passing, does not sink the step: it
    // is delivered open.
    const bool only_reviewed = result.outcome == "rejected" && !result.replan;
    if (top && only_reviewed) return accepted(std::move(result));
    if (top || !may_climb(result.outcome) || result.replan) {
      StepOutcome out;
      out.id = job_.step.id;
      out.base = job_.base;
      out.replan = result.replan;
      out.why = result.outcome + ": " + result.why;
      return out;
    }
    MIX_TRY(text, dossier(run_, job_, result));
    MIX_OK(
        tools_.journal.append(Escalated{job_.step.id, seat->ladder[static_cast<std::size_t>(rung)],
                                        seat->ladder[static_cast<std::size_t>(rung) + 1],
                                        result.outcome + ": " + clip(result.why, 300)}));
    ++rung;
  }
}

}  // namespace

StepOutcome run_step(RunContext& run, StepJob job) {
  Ladder ladder(run, job);
  auto outcome = ladder.climb();
  if (outcome) return std::move(*outcome);
  StepOutcome failed;
  failed.id = job.step.id;
  failed.base = job.base;
  failed.error = outcome.error();
  failed.why = describe(outcome.error());
  return failed;
}

}  // namespace mixagent
