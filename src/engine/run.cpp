#include "engine/run.h"

#include "base/text.h"
#include "core/price.h"
#include "core/review_rules.h"
#include "engine/caller.h"
#include "engine/dispatch.h"
#include "engine/estimate.h"
#include "engine/finish.h"
#include "engine/gate.h"
#include "engine/planner.h"
#include "engine/replan.h"
#include "engine/reviewer.h"
#include "engine/survey.h"
#include "engine/tests_first.h"
#include "engine/texts.h"

#include "mixagent/run_state.h"

#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <thread>

namespace mixagent {

namespace {

// One run, top to bottom. Every stage returns early with an Error for what the world does; what the
// models do is in `ending_`.
class Run {
 public:
  Run(const Goal& goal, Tools& tools)
      : goal_(goal),
        tools_(tools),
        budget_(tools.config.budget, tools.ledger,
                [this](const BudgetWarning& warning) { (void)tools_.journal.append(warning); }),
        caller_(tools, budget_),
        run_{goal, tools, caller_, {}, {}} {}

  RunResult go();

 private:
  Result<void> straight_line();
  Result<void> open();
  Result<void> survey_and_plan();
  Result<void> plan_once(const std::string& failure);
  Result<void> answer_question();
  Result<void> ask_a_person() const;
  Result<void> approve();
  Result<void> work();
  Result<void> tests_first(DispatchOptions& options);
  Result<void> verify();
  Result<void> final_review();
  Result<void> fix_findings(const std::vector<Finding>& findings, const std::string& coaching);
  Result<void> hand_over();
  bool concluded() const { return concluded_; }
  void conclude(const std::string& subtype, const std::string& why);
  std::string names() const;

  const Goal& goal_;
  Tools& tools_;
  Budget budget_;
  Caller caller_;
  RunContext run_;
  std::string goal_text_;
  Planned planned_;
  bool planner_asked_ = false;
  int revision_ = 0;
  Dispatched done_;
  std::set<std::string> families_;  // of whoever's work was accepted
  Ending ending_;
  bool concluded_ = false;  // nothing more to do, the ending is known
};

RunResult Run::go() {
  const auto went = straight_line();
  if (!went) {
    ending_.error = went.error();
    ending_.subtype = subtype_of(went.error());
  }
  // A deadline and a signal look alike further down, and whatever they broke off is theirs.
  if (!went && tools_.cancel.stopped()) ending_.subtype = "interrupted";
  if (!went && !tools_.cancel.stopped() && tools_.cancel.expired()) ending_.subtype = "timeout";
  RunResult result = compose_result(goal_, tools_, ending_);
  if (ending_.subtype == "interrupted" && tools_.stop_signal && tools_.stop_signal() == SIGTERM)
    result.exit_code = 128 + SIGTERM;
  if (const auto closed = tools_.journal.append(RunCompleted{result}); closed)
    (void)tools_.journal.sync();
  return result;
}

Result<void> Run::straight_line() {
  MIX_OK(open());
  MIX_TRY(run_.snapshot, take_snapshot(tools_));
  done_.head = run_.snapshot.tree;
  MIX_OK(survey_and_plan());
  if (concluded()) return {};
  // From here on there is a plan; it changes only by plan events.
  MIX_OK(work());
  MIX_OK(verify());
  if (concluded()) return {};
  MIX_OK(final_review());
  // No step is running, and `done_.head` is the tree that was checked.
  return hand_over();
}

// A resumed run is the same line again from the top: what is recorded is not paid twice.
Result<void> Run::open() {
  goal_text_ = goal_.text;
  const auto earlier = tools_.journal.events();
  if (earlier.empty()) {
    MIX_OK(tools_.journal.append(what_starts(goal_, tools_.config)));
    return {};
  }
  MIX_OK(tools_.journal.append(RunResumed{earlier.back().seq}));
  budget_.already_spent(spent_before(tools_.journal.events(), tools_.config.lineup));
  return {};
}

// The baseline beside the planner where the planner is sure to be asked; before the gate where the
// gate needs it.
Result<void> Run::survey_and_plan() {
  if (goal_.plan) {
    MIX_TRY(run_.baseline, baseline(tools_, goal_, run_.snapshot));
    MIX_TRY(planned_, accept_given(run_, *goal_.plan));
    planned_.reason = "a plan was given: " + planned_.reason;
  } else if (goal_.lane == Lane::plan) {
    Result<std::vector<CheckRecord>> before = std::vector<CheckRecord>{};
    {
      std::jthread beside([&] { before = baseline(tools_, goal_, run_.snapshot); });
      if (tools_.config.run.jobs == 1) beside.join();  // one thing at a time, in one order
      MIX_OK(plan_once(""));
    }
    MIX_TRY(run_.baseline, std::move(before));
  } else {
    MIX_TRY(run_.baseline, baseline(tools_, goal_, run_.snapshot));
    const GateRuling gate = goal_.lane == Lane::solo ? GateRuling{true, "--lane solo"}
                                                     : choose_lane(goal_, run_.baseline);
    if (gate.solo) {
      planned_.plan = solo_plan(goal_, goal_text_);
      planned_.reason = gate.reason;
    } else {
      MIX_OK(plan_once(""));
    }
  }
  if (planned_.plan.decision == Decision::need_input) MIX_OK(answer_question());

  ++revision_;
  const Decision decision = planned_.plan.decision;
  ending_.decision = std::string(enum_name(decision));
  ending_.reason = planned_.reason;
  MIX_OK(tools_.journal.append(PlanCreated{decision == Decision::solo ? "solo" : "plan",
                                           planned_.reason, revision_, planned_.plan,
                                           planned_.warnings}));
  if (decision == Decision::need_input) return ask_a_person();
  if (decision == Decision::no_op) conclude("success", planned_.reason);
  if (goal_.dry_run) conclude("success", "plan only");
  if (!concluded() && decision == Decision::plan) return approve();
  return {};
}

// A person sees what the plan is and costs before money is spent on workers. Asked once: a resumed
// run goes on with what was agreed.
Result<void> Run::approve() {
  if (!goal_.ask_before_work || goal_.plan || !tools_.console.interactive()) return {};
  MIX_TRY(const std::string agreed,
          tools_.journal.once("plan:approved", "approved", [&]() -> Result<std::string> {
            const auto said = tools_.console.ask(plan_view(planned_.plan, tools_.config.lineup) +
                                                 "Carry it out? [Y/n] ");
            if (said && lower(trim(*said)).rfind('n', 0) != 0) return std::string("yes");
            return fail(ErrorCode::need_input, "the plan was not approved", "",
                        "say the goal differently, or `mixagent resume` to be asked again");
          }));
  MIX_CHECK(agreed == "yes", "nothing else is recorded");
  return {};
}

Result<void> Run::plan_once(const std::string& failure) {
  planner_asked_ = true;
  PlanRequest request;
  request.key = fmt::format("plan:{}", revision_ + 1);
  request.goal = goal_text_;
  request.failure = failure;
  request.tree = done_.head;
  MIX_TRY(planned_, plan_goal(run_, request));
  return {};
}

Result<void> Run::ask_a_person() const {
  return fail(ErrorCode::need_input, "the planner asks: " + planned_.plan.question, "",
              "answer in the goal and run again");
}

Result<void> Run::answer_question() {
  if (!tools_.console.interactive()) return {};
  const auto answer = tools_.console.ask("The planner asks: " + planned_.plan.question + "\n> ");
  if (!answer || trim(*answer).empty()) return {};
  goal_text_ += "\n\nQuestion: " + planned_.plan.question + "\nAnswer: " + *answer;
  PlanRequest request;
  request.key = "plan:answered";
  request.goal = goal_text_;
  request.tree = done_.head;
  MIX_TRY(planned_, plan_goal(run_, request));
  return {};
}

// What the steps say: a test that failed before and that they name must pass.
std::string Run::names() const {
  std::string text;
  for (const Step& step : planned_.plan.steps) text += names_in(step) + "\n";
  return text;
}

// Without a check that the goal must turn green: tests first, else one rung higher.
Result<void> Run::tests_first(DispatchOptions& options) {
  if (!can_run_tests(run_)) {
    options.later_rung = true;
    MIX_OK(tools_.journal.append(NoteAdded{
        "no check works here that could tell right from wrong: the work starts one rung higher",
        ""}));
    return {};
  }
  ++revision_;
  const Plan tests = tests_plan(run_, goal_text_);
  Plan both = tests;
  both.steps.insert(both.steps.end(), planned_.plan.steps.begin(), planned_.plan.steps.end());
  MIX_OK(tools_.journal.append(
      PlanCreated{"solo",
                  "no check fails yet that the goal must turn green: its tests come first",
                  revision_,
                  both,
                  {}}));
  Dispatched written = dispatch(run_, tests, done_.head, {revision_, "", false, false, true});
  if (written.error) return fail(*written.error);
  if (tools_.cancel.requested()) return fail(ErrorCode::cancelled, "stopped");
  ++revision_;
  options.revision = revision_;
  options.later_rung = !written.all_accepted;
  if (!written.all_accepted) {
    MIX_OK(tools_.journal.append(NoteAdded{
        "no test could be written that fails before the work: it starts one rung higher", ""}));
    return {};
  }
  done_.head = written.head;
  return {};
}

Result<void> Run::work() {
  DispatchOptions options{revision_, planned_.notes, false, true, false};
  if (revision_ == 1 && lacks_target(run_, planned_.plan)) MIX_OK(tests_first(options));
  Dispatched now = dispatch(run_, planned_.plan, done_.head, options);
  // What an earlier plan brought stays in the result, with its reviews' findings.
  now.open.insert(now.open.begin(), done_.open.begin(), done_.open.end());
  for (const StepOutcome& outcome : now.outcomes) {
    const Model* model = tools_.config.lineup.model(outcome.model);
    if (model != nullptr) families_.insert(model->family);
  }
  done_ = std::move(now);
  if (done_.error) return fail(*done_.error);
  if (tools_.cancel.requested()) return fail(ErrorCode::cancelled, "stopped");
  return {};
}

// The goal's checks decide on the tree that holds all steps. If that tree is not good enough, the
// planner is asked once (again).
Result<void> Run::verify() {
  for (int round = 1;; ++round) {
    ending_.verdict = {};
    if (done_.all_accepted) {
      MIX_TRY(ending_.checks, final_checks(run_, planned_.plan, done_, revision_, names()));
      MIX_TRY(ending_.verdict,
              final_verdict(run_, planned_.plan, done_.head, ending_.checks, revision_, names()));
      if (ending_.verdict.passed) return {};
    }
    if (!done_.blocked.empty()) {
      return fail(ErrorCode::need_input,
                  "the sandbox denied a dependency; blocked: " + done_.blocked);
    }
    if (!done_.question.empty()) {
      planned_.plan.question = done_.question;
      return ask_a_person();
    }
    // A step that failed for good was cut anew already.
    const bool plan_again = round == 1 && !goal_.plan && !done_.recut;
    if (!plan_again) break;

    const std::string failure = what_failed(tools_, done_, ending_.verdict.failed);
    MIX_TRY(const std::string text,
            render(tools_, "replan", {{"failure", failure}, {"done", what_stays(done_)}}));
    MIX_OK(plan_once(text));
    ++revision_;
    MIX_OK(tools_.journal.append(Replanned{clip(failure, 500), ""}));
    MIX_OK(tools_.journal.append(
        PlanCreated{planned_.plan.decision == Decision::solo ? "solo" : "plan", planned_.reason,
                    revision_, planned_.plan, planned_.warnings}));
    if (planned_.plan.decision == Decision::need_input) return ask_a_person();
    if (planned_.plan.decision == Decision::no_op) break;
    ending_.decision = std::string(enum_name(planned_.plan.decision));
    MIX_OK(work());
  }
  const std::string why = !ending_.verdict.failed.empty() ? "the checks fail on the result: " +
                                                                join(ending_.verdict.failed, ", ")
                          : done_.outcomes.empty() ? "nothing was done"
                                                   : "not every step was accepted";
  conclude("not_reached", why);
  return {};
}

// Round by round on the whole diff; what stays open is delivered in findings_open.
Result<void> Run::final_review() {
  ending_.open = done_.open;  // until the whole diff is judged
  if (!wants_final_review(run_, planned_.plan, done_.head, ending_.verdict.verified)) return {};
  ReviewRequest request;
  request.goal = goal_text_;
  request.before = run_.snapshot.tree;
  request.worker_families = families_;
  for (int round = 1; round <= tools_.config.review.rounds; ++round) {
    request.key = fmt::format("final/review:{}", round);
    request.after = done_.head;
    request.checks = ending_.checks;
    request.noted = noted_for_review(ending_.verdict);
    request.round.round = round;
    request.round.proven = ending_.verdict.verified == Verified::full;
    MIX_TRY(const Reviewed reviewed, review_diff(run_, request));
    if (!reviewed.happened) return {};
    ending_.open = reviewed.ruling.open;
    if (reviewed.ruling.effect == ReviewEffect::accept || reviewed.ruling.open.empty()) return {};
    if (round == tools_.config.review.rounds) return {};
    const Tree before = done_.head;
    MIX_OK(fix_findings(reviewed.ruling.open, reviewed.review.coaching));
    if (done_.head == before) return {};
    request.round.open = reviewed.ruling.open;
    request.round.changed = changed_lines(tools_.workspaces, before, done_.head);
  }
  return {};
}

// A fix is taken only when the checks still pass on it; otherwise the verified tree stays.
Result<void> Run::fix_findings(const std::vector<Finding>& findings, const std::string& coaching) {
  const Dispatched verified = done_;
  Plan plan = fix_plan(goal_, findings, coaching);
  ++revision_;
  MIX_OK(tools_.journal.append(
      PlanCreated{"plan", "the final review found something to settle", revision_, plan, {}}));
  Dispatched fixed = dispatch(run_, plan, done_.head, {revision_, "", false, false, false});
  if (fixed.error && fixed.error->code != ErrorCode::budget) return fail(*fixed.error);
  if (!fixed.all_accepted) return {};
  MIX_TRY(auto checks, final_checks(run_, planned_.plan, fixed, revision_, names()));
  MIX_TRY(const VerdictOutput verdict,
          final_verdict(run_, planned_.plan, fixed.head, checks, revision_, names()));
  if (!verdict.passed || verdict.verified < ending_.verdict.verified) return {};
  done_ = std::move(fixed);
  ending_.checks = std::move(checks);
  ending_.verdict = verdict;
  return {};
}

Result<void> Run::hand_over() {
  for (const std::string& folder : tools_.workspaces.disturbed()) {
    MIX_OK(tools_.journal.append(
        NoteAdded{"the ignored folder " + folder +
                      " changed while the run used it: what the checks said may not hold",
                  ""}));
  }
  ending_.delivered = kept_in_run(run_.snapshot.tree, done_.head);
  ending_.reason = ending_.verdict.why;
  if (ending_.verdict.verified < goal_.require) {
    conclude("not_reached",
             fmt::format("verified is '{}' ({}), and --require {} asks for more; the work is kept",
                         enum_name(ending_.verdict.verified), ending_.verdict.why,
                         enum_name(goal_.require)));
    return {};
  }
  MIX_TRY(ending_.delivered, deliver(run_, done_.head, ending_.verdict, ending_.delivered));
  conclude("success", ending_.verdict.why);
  return {};
}

void Run::conclude(const std::string& subtype, const std::string& why) {
  concluded_ = true;
  ending_.subtype = subtype;
  ending_.reason = why;
  if (subtype != "not_reached") return;
  Error error;
  error.code = ErrorCode::internal;
  error.what = why;
  ending_.error = error;
  ending_.delivered = kept_in_run(run_.snapshot.tree, done_.head);
}

}  // namespace

RunResult run(const Goal& goal, Tools& tools) {
  Run run(goal, tools);
  return run.go();
}

}  // namespace mixagent
