#include "engine/reviewer.h"

#include "base/text.h"
#include "core/diff.h"
#include "engine/conversation.h"
#include "engine/texts.h"

#include <fmt/core.h>

namespace mixagent {

namespace {

constexpr std::size_t most_diff = 60'000;  // bytes of a diff that a reviewer is shown

Result<std::string> first_message(RunContext& run, const ReviewRequest& request) {
  MIX_TRY(const std::string diff,
          run.tools.workspaces.diff(difference(request.before, request.after)));
  std::string step;
  if (request.step != nullptr) step = request.step->title + "\n" + request.step->instructions;
  return render(run.tools, "review_step",
                {{"goal", request.goal},
                 {"notes", ""},
                 {"step", step},
                 {"checks", checks_text(request.checks)},
                 {"gates", request.noted},
                 {"diff", clip_middle(repair_utf8(diff), most_diff)},
                 {"round", std::to_string(request.round.round)},
                 {"findings", findings_text(request.round.open)}});
}

// The first of another family than those that did the work; else the first.
const Model* reviewer_for(const Lineup& lineup, const Seat& seat,
                          const std::set<std::string>& families) {
  for (const std::string& name : seat.ladder) {
    const Model* model = lineup.model(name);
    if (model != nullptr && families.count(model->family) == 0) return model;
  }
  return seat.ladder.empty() ? nullptr : lineup.model(seat.ladder[0]);
}

}  // namespace

Result<Reviewed> review_diff(RunContext& run, const ReviewRequest& request) {
  Tools& tools = run.tools;
  Reviewed out;
  const Seat* seat = tools.config.lineup.seat("reviewer");
  const Lineup& lineup = tools.config.lineup;
  const Model* model =
      seat == nullptr ? nullptr : reviewer_for(lineup, *seat, request.worker_families);
  const std::string step = request.step != nullptr ? request.step->id : "";
  if (model == nullptr) {
    out.note = "no reviewer is configured";
    return out;
  }
  if (request.worker_families.count(model->family) != 0)
    out.note = "the reviewer is of the worker's own family (" + model->family + ")";

  TreeView view(tools.workspaces, request.after);
  Hands hands(tools, view);
  MIX_TRY(const std::string system, render_system(tools, *seat, *model, seat->tools));
  Conversation conversation(
      tools, run.caller, hands,
      {*seat, *model, request.pot, request.key, step, 0, system, seat->tools, "reviewer"});
  MIX_TRY(const std::string message, first_message(run, request));
  conversation.say(message);
  const auto ended = ask_helper(tools.journal, request.key, [&] { return conversation.run(); });
  if (!ended) {
    if (is_ours(ended.error())) return fail(ended.error());
    out.note = "the reviewer could not be reached: " + describe(ended.error());
  } else if (ended->kind != EndKind::terminal ||
             !std::holds_alternative<SubmitReview>(*ended->action)) {
    out.note = "the reviewer gave no verdict: " + ended->why;
  } else {
    out.happened = true;
    out.review = std::get<SubmitReview>(*ended->action).review;
    out.ruling = rule(out.review, request.round, tools.config.review);
  }
  MIX_OK(tools.journal.append(
      ReviewCompleted{step, request.round.round, model->name, out.review, out.note}));
  return out;
}

std::map<std::string, std::set<int>> changed_lines(Workspaces& workspaces, const Tree& before,
                                                   const Tree& after) {
  std::map<std::string, std::set<int>> out;
  for (const FileChange& file : difference(before, after).files) {
    if (!file.after) continue;
    const auto old_text =
        file.before ? workspaces.bytes(file.before->blob) : Result<std::string>("");
    const auto new_text = workspaces.bytes(file.after->blob);
    if (old_text && new_text) out[file.path] = added_lines(*old_text, *new_text);
  }
  return out;
}

}  // namespace mixagent
