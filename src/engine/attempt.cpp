#include "engine/attempt.h"

#include "base/digest.h"
#include "base/text.h"
#include "core/denied.h"
#include "core/gates.h"
#include "core/test_results.h"
#include "engine/check_command.h"
#include "engine/command.h"
#include "engine/conversation.h"
#include "engine/reviewer.h"
#include "engine/setup.h"
#include "engine/texts.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

namespace mixagent {

namespace {

constexpr std::int64_t file_budget = 24'000;  // tokens of files in a worker's first message

// Could not run on the base either: the attempt is not to blame, and the check says nothing.
bool never_usable(const CheckRecord& record, const std::vector<CheckRecord>& before) {
  return record.unusable && std::any_of(before.begin(), before.end(), [&](const CheckRecord& base) {
           return base.command == record.command && base.unusable;
         });
}

constexpr std::int64_t far_beyond = 8;  // times the usual cost

// The straight line of an attempt, with the little state that its rounds share.
class Attempt {
 public:
  Attempt(RunContext& run, const StepJob& job, const AttemptPlan& plan, Workspace& workspace)
      : run_(run),
        tools_(run.tools),
        job_(job),
        plan_(plan),
        workspace_(workspace),
        view_(workspace),
        hands_(tools_, view_, workspace, job.step, run.goal.repository) {
    key_ = fmt::format("{}/attempt:{}", job.key, plan.number);
  }

  Result<AttemptResult> go();

 private:
  struct Judged {
    bool again = false;   // back into the conversation
    std::string outcome;  // final otherwise
    std::string why;
  };

  Result<std::string> system();
  Result<std::string> first_message();
  Result<void> fix();
  Result<Judged> judge(const Action& terminal);
  Result<std::optional<Judged>> gates(const Collected& collected);
  Result<std::optional<Judged>> checks(const Collected& collected);
  Result<std::optional<Judged>> tests_fail(const std::vector<CheckRun>& runs);
  Result<Judged> review(const Collected& collected);
  Result<std::optional<Judged>> send_back(const std::string& text, const std::string& outcome,
                                          const std::string& why);
  Pot pot() const;
  Result<std::optional<Money>> usual_cost() const;

  RunContext& run_;
  Tools& tools_;
  const StepJob& job_;
  const AttemptPlan& plan_;
  Workspace& workspace_;
  WorkspaceView view_;
  Hands hands_;
  std::string key_;
  ModelTraits traits_;
  std::optional<Conversation> conversation_;
  AttemptResult result_;
  int sent_back_ = 0;  // for failed checks and hard gates
  bool soft_note_given_ = false;
  std::string noted_;  // soft gates that stand, for the reviewer
  ReviewRound review_round_;
  Tree reviewed_;  // what the last round looked at
  int verification_ = 0;
};

Pot Attempt::pot() const {
  return pot_of(tools_.config.budget, job_.step, plan_.seat, plan_.rung == 0);
}

// Nothing while there are few. Recorded, so that a resumed run stops where this one did.
Result<std::optional<Money>> Attempt::usual_cost() const {
  MIX_TRY(const std::string value, tools_.journal.once(key_ + "/usual", "usual", [&] {
    return Result<std::string>(
        std::to_string(run_.caller.book().usual_cost(plan_.model.name).pico));
  }));
  const Money usual{std::strtoll(value.c_str(), nullptr, 10)};
  return usual > Money{} ? std::optional<Money>(usual) : std::nullopt;
}

Result<std::string> Attempt::system() {
  MIX_TRY(traits_, run_.caller.book().traits(plan_.model));
  return render_system(tools_, plan_.seat, plan_.model,
                       worker_tools(tools_.config.lineup, plan_.seat),
                       traits_.edits == EditFormat::whole);
}

Result<std::string> Attempt::first_message() {
  const BlobReader reader = [this](const BlobId& blob) { return tools_.workspaces.bytes(blob); };
  std::vector<std::string> paths = job_.step.files.read;
  paths.insert(paths.end(), job_.step.files.write.begin(), job_.step.files.write.end());
  WorkerFiles files;
  if (job_.solo && paths.empty()) {
    // Recorded like the planner's, once for all attempts.
    MIX_TRY(files.text, tools_.journal.once(job_.key + "/context", tree_id(job_.base).text, [&] {
      return Result<std::string>(tools_.context.planner_context(job_.base, reader, run_.goal.text,
                                                                traits_.as_estimate(3'000)));
    }));
  } else {
    files = tools_.context.worker_files(job_.base, reader, paths,
                                        job_.step.title + "\n" + job_.step.instructions,
                                        traits_.as_estimate(file_budget));
  }
  for (const std::string& path : files.whole) hands_.shown(path);

  std::vector<std::string> scope = job_.step.files.write;
  scope.insert(scope.end(), job_.step.files.create.begin(), job_.step.files.create.end());
  std::string checks;
  if (!job_.expect_failure) {
    for (const Check& check : job_.checks) checks += "- `" + check.command + "`\n";
  }
  std::string notes = tools_.context.notes_for(job_.base, reader, scope.empty() ? paths : scope);
  if (!job_.notes.empty()) notes += (notes.empty() ? "" : "\n") + job_.notes;
  return render(tools_, "step",
                {{"title", job_.step.title},
                 {"instructions", job_.step.instructions},
                 {"files", files.text},
                 {"scope", scope.empty() ? "" : "- " + join(scope, "\n- ")},
                 {"checks", checks},
                 {"notes", notes},
                 {"dossier", plan_.dossier}});
}

Result<AttemptResult> Attempt::go() {
  MIX_TRY(const std::string system_text, system());
  const auto offered = worker_tools(tools_.config.lineup, plan_.seat);
  conversation_.emplace(
      tools_, run_.caller, hands_,
      ConversationSetup{plan_.seat, plan_.model, pot(), key_, job_.step.id, plan_.number,
                        system_text, offered, plan_.seat.name + "/" + job_.step.id});
  MIX_TRY(const auto usual, usual_cost());
  if (usual) conversation_->stop_at(Money{usual->pico * far_beyond}, *usual);
  MIX_TRY(const std::string message, first_message());
  conversation_->say(message);
  while (true) {
    MIX_TRY(const Ended ended, conversation_->run());
    Judged judged;
    if (ended.kind == EndKind::terminal) {
      MIX_TRY(judged, judge(*ended.action));
      if (judged.again) continue;
    } else {
      judged.outcome = ended.kind == EndKind::malformed ? "malformed"
                       : ended.kind == EndKind::silent  ? "silent"
                       : ended.kind == EndKind::loop    ? "loop"
                       : ended.kind == EndKind::refused ? "refused"
                                                        : "limit";
      judged.why = ended.why;
      MIX_TRY(const Collected left, workspace_.collect());
      result_.tree = left.tree;
    }
    result_.outcome = judged.outcome;
    result_.why = judged.why;
    return std::move(result_);
  }
}

// [verify] fix: formatters and the like, after the worker and before anything judges; their changes
// join the patch. One that fails is news for the journal, not the worker's fault.
Result<void> Attempt::fix() {
  for (const std::string& command : tools_.config.verify.fix) {
    const std::string key =
        fmt::format("{}/fix:{}:{}", key_, verification_, sha256_hex(command).substr(0, 12));
    MIX_TRY(const WorkspaceCommand done,
            run_in_workspace(tools_, workspace_, run_.goal.repository, command,
                             tools_.config.sandbox.timeout_s, key));
    if (done.result.exit_code == 0) continue;
    MIX_OK(tools_.journal.append(
        NoteAdded{fmt::format("[verify] fix `{}` ended with {}", command, done.result.exit_code),
                  job_.step.id}));
  }
  return {};
}

Result<Attempt::Judged> Attempt::judge(const Action& terminal) {
  ++verification_;
  if (std::holds_alternative<Finish>(terminal)) MIX_OK(fix());
  MIX_TRY(const Collected collected, workspace_.collect());
  MIX_OK(tools_.workspaces.keep(collected.tree));
  result_.tree = collected.tree;
  if (const auto* gave_up = std::get_if<GiveUp>(&terminal)) {
    result_.diagnosis = gave_up->reason;
    if (!hands_.denied().empty())
      return Judged{false, "blocked",
                    "the worker gave up when a command missed the network (" + hands_.denied() +
                        "); let [verify] setup fetch what the step needs, its hosts in [sandbox] "
                        "allow_hosts of your own configuration, then run again"};
    return Judged{false, "gave_up", clip(gave_up->reason, 300)};
  }
  if (const auto* finish = std::get_if<Finish>(&terminal)) result_.diagnosis = finish->summary;
  MIX_TRY(auto by_gates, gates(collected));
  if (by_gates) return std::move(*by_gates);
  MIX_TRY(auto by_checks, checks(collected));
  if (by_checks) return std::move(*by_checks);
  return review(collected);
}

// Deterministic and free. A hard failure is handled like a failed check; a soft one is told once.
Result<std::optional<Attempt::Judged>> Attempt::gates(const Collected& collected) {
  const auto failures = run_gates(
      {collected.change, collected.refusals, job_.step, tools_.config.verify.protect,
       [this](const BlobId& blob) { return tools_.workspaces.bytes(blob); }, job_.beside});
  std::string hard, soft;
  noted_.clear();
  for (const GateFailure& failure : failures) {
    if (!failure.hard) noted_ += "- " + failure.why + "\n";
    if (failure.gate == "scope" && soft_note_given_) {
      MIX_OK(tools_.journal.append(ScopeExtended{job_.step.id, failure.path}));
      continue;
    }
    if (!failure.hard && soft_note_given_) continue;
    MIX_OK(tools_.journal.append(
        GateFailed{job_.step.id, plan_.number, failure.gate, failure.why, failure.hard}));
    (failure.hard ? hard : soft) += "- " + failure.why + "\n";
  }
  if (!hard.empty()) {
    MIX_TRY(const std::string text, render(tools_, "gate", {{"problems", hard + soft}}));
    return send_back(text, "gate_failed", std::string(trim(hard)));
  }
  if (!soft.empty()) {
    soft_note_given_ = true;
    MIX_TRY(const std::string text, render(tools_, "gate", {{"problems", soft}}));
    conversation_->say(text);
    return Judged{true, "", ""};
  }
  return std::optional<Judged>{};
}

// `check_retries` times back into the same conversation, with the real output; then the attempt is
// over.
Result<std::optional<Attempt::Judged>> Attempt::send_back(const std::string& text,
                                                          const std::string& outcome,
                                                          const std::string& why) {
  if (sent_back_ >= plan_.seat.check_retries) return Judged{false, outcome, why};
  ++sent_back_;
  conversation_->say(text);
  return Judged{true, "", ""};
}

Result<std::optional<Attempt::Judged>> Attempt::checks(const Collected& collected) {
  const CheckSite site{
      job_.step.id,         "attempt",      fmt::format("{}/verify:{}", key_, verification_),
      run_.goal.repository, names_of(job_), job_.solo ? job_.step.instructions : ""};
  MIX_TRY(auto runs, run_checks(tools_, job_.checks, collected.tree, site, job_.before));
  result_.checks.clear();
  result_.failed_command.clear();
  result_.failed_output.clear();
  for (const CheckRun& done : runs) result_.checks.push_back(done.record);
  if (job_.expect_failure) return tests_fail(runs);
  // The check that came first tells what the setup missed; any of them may fail for it.
  const auto missed = std::find_if(runs.begin(), runs.end(), [](const CheckRun& done) {
    return done.output.find(setup_denied) != std::string::npos;
  });
  for (const CheckRun& done : runs) {
    if (done.record.passed() || never_usable(done.record, job_.before)) continue;
    result_.failed_command = done.record.command;
    result_.failed_output = done.output;
    MIX_TRY(const std::string text, render(tools_, "checks_failed",
                                           {{"command", done.record.command},
                                            {"exit", std::to_string(done.record.exit_code)},
                                            {"output", std::string(trim(done.output))}}));
    const std::string command = clip(done.record.command, 120);
    if (missed != runs.end()) {
      return Judged{
          false, "blocked",
          fmt::format("`{}`: {} ({})", command, missed_network, denied_network(missed->output))};
    }
    const std::string denied = done.record.unusable ? denied_network(done.output) : "";
    if (!denied.empty())
      return send_back(text, "blocked",
                       fmt::format("`{}`: {} ({})", command, done.record.why, denied));
    return send_back(text, "checks_failed",
                     fmt::format("`{}` exits {}", command, done.record.exit_code));
  }
  return std::optional<Judged>{};
}

// A test step is done when a check fails by a test of its own: one that fails now and did not
// before, and that ran.
Result<std::optional<Attempt::Judged>> Attempt::tests_fail(const std::vector<CheckRun>& runs) {
  std::string problem = "the new test passes although the behaviour is missing; it must fail first";
  const CheckRun* shown = runs.empty() ? nullptr : &runs.front();
  for (const CheckRun& done : runs) {
    const CheckRecord& record = done.record;
    if (record.passed() || record.flaky) continue;
    shown = &done;
    TestStatuses fresh;
    for (const std::string& test : record.broken) {
      if (const auto found = record.tests.find(test); found != record.tests.end())
        fresh.insert(*found);
    }
    const bool told = !record.tests.empty();
    const std::string why = record.unusable ? record.why
                            : told && fresh.empty()
                                ? "no new test fails; what fails failed before"
                                : why_no_test_failure(record.exit_code, done.output, fresh);
    if (why.empty()) return std::optional<Judged>{};
    problem = why + "\n" + done.output;
  }
  const std::string command = shown == nullptr ? "" : shown->record.command;
  result_.failed_command = command;
  result_.failed_output = problem;
  MIX_TRY(const std::string text,
          render(tools_, "checks_failed",
                 {{"command", command},
                  {"exit", shown == nullptr ? "0" : std::to_string(shown->record.exit_code)},
                  {"output", std::string(trim(problem))}}));
  return send_back(text, "checks_failed", clip(problem, 200));
}

// Once per step of high difficulty or without a discriminating check; a revision stays on this
// rung.
Result<Attempt::Judged> Attempt::review(const Collected& collected) {
  const bool discriminates =
      std::any_of(result_.checks.begin(), result_.checks.end(),
                  [](const CheckRecord& check) { return check.discriminates(); });
  const bool needed = job_.review && !job_.solo && !job_.expect_failure &&
                      (job_.step.difficulty == Difficulty::high || !discriminates);
  if (!needed) return Judged{false, "accepted", ""};

  if (review_round_.round > 1)
    review_round_.changed = changed_lines(tools_.workspaces, reviewed_, collected.tree);
  review_round_.proven = discriminates;
  review_round_.action = std::string(enum_name(job_.step.action));
  ReviewRequest request;
  request.key = fmt::format("{}/review:{}", key_, review_round_.round);
  request.step = &job_.step;
  request.goal = run_.goal.text;
  request.before = job_.base;
  request.after = collected.tree;
  request.checks = result_.checks;
  request.noted = noted_;
  request.worker_families = {plan_.model.family};
  request.round = review_round_;
  request.pot = pot();
  MIX_TRY(const Reviewed reviewed, review_diff(run_, request));
  if (!reviewed.happened || reviewed.ruling.effect == ReviewEffect::accept) {
    result_.open = reviewed.ruling.open;
    return Judged{false, "accepted", reviewed.note};
  }
  result_.open = reviewed.ruling.open;
  if (reviewed.ruling.effect == ReviewEffect::replan) {
    result_.replan = true;
    return Judged{false, "rejected",
                  "the reviewer asks for another plan: " + clip(reviewed.review.coaching, 200)};
  }
  // "escalate" climbs only together with a failing command, and here all commands pass: it revises.
  if (review_round_.round >= tools_.config.review.rounds) {
    return Judged{false, "rejected",
                  "the review still finds: " + (result_.open.empty() ? std::string("a low score")
                                                                     : result_.open.front().claim)};
  }
  review_round_.round += 1;
  review_round_.open = reviewed.ruling.open;
  reviewed_ = collected.tree;
  MIX_TRY(const std::string text, render(tools_, "revise",
                                         {{"findings", findings_text(reviewed.ruling.open)},
                                          {"coaching", reviewed.review.coaching}}));
  conversation_->say(text);
  return Judged{true, "", ""};
}

}  // namespace

Result<AttemptResult> run_attempt(RunContext& run, const StepJob& job, const AttemptPlan& plan) {
  MIX_OK(set_up(run.tools, job.base, run.goal.repository, job.step.id));
  MIX_TRY(const auto workspace, run.tools.workspaces.open(job.base));
  Attempt attempt(run, job, plan, *workspace);
  return attempt.go();
}

}  // namespace mixagent
