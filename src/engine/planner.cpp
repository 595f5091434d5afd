#include "engine/planner.h"

#include "base/text.h"
#include "core/plan_rules.h"
#include "engine/conversation.h"
#include "engine/scout.h"
#include "engine/texts.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace mixagent {

namespace {

std::string seats_text(const Lineup& lineup) {
  std::string out;
  for (const std::string& name : plannable_seats(lineup)) {
    out += fmt::format("- {}: {}\n", name, lineup.seats.at(name).description);
  }
  return out;
}

std::string commands_text(const std::vector<Check>& checks) {
  std::string out;
  for (const Check& check : checks) out += "- `" + check.command + "`\n";
  return out;
}

PlanLimits limits_of(const RunContext& run) {
  PlanLimits limits;
  limits.seats = plannable_seats(run.tools.config.lineup);
  limits.protect = run.tools.config.verify.protect;
  limits.max_steps = run.tools.config.run.max_plan_steps;
  limits.allow_code = run.tools.config.planner_allow_code;
  return limits;
}

Result<std::string> first_message(RunContext& run, const PlanRequest& request, const Model& model) {
  Tools& tools = run.tools;
  MIX_TRY(const ModelTraits traits, run.caller.book().traits(model));
  const BlobReader reader = [&tools](const BlobId& blob) { return tools.workspaces.bytes(blob); };
  // Recorded: the request must be the same when the run is picked up, whatever commits and tools
  // there are by then.
  MIX_TRY(const std::string files,
          tools.journal.once(request.key + "/context", tree_id(request.tree).text, [&] {
            return Result<std::string>(tools.context.planner_context(
                request.tree, reader, request.goal, traits.as_estimate(planner_budget)));
          }));
  const std::string notes = tools.context.notes_for(request.tree, reader, {});
  MIX_TRY(std::string text, render(tools, "plan_goal",
                                   {{"goal", request.goal},
                                    {"focus", run.goal.focus == "." ? "" : run.goal.focus},
                                    {"notes", notes},
                                    {"commands", ""},
                                    {"checks", commands_text(run.goal.checks)},
                                    {"seats", seats_text(tools.config.lineup)},
                                    {"files", files}}));
  if (!request.failure.empty()) return text + "\n" + request.failure;
  MIX_TRY(const std::string brief, scout(run, request.key, request.goal, request.tree, files));
  return brief.empty() ? text : text + "\n" + brief;
}

std::string as_notes(const Plan& plan) {
  std::string out = "A plan was made that could not be used as such; it may help:\n";
  for (const Step& step : plan.steps)
    out += fmt::format("- {}: {}\n", step.title, step.instructions);
  return plan.steps.empty() ? "" : out;
}

Planned fall_back(RunContext& run, const PlanRequest& request, const std::string& why,
                  std::string notes) {
  Planned out;
  out.plan = solo_plan(run.goal, request.goal);
  out.reason = "no usable plan (" + why + "): the goal is done as one step";
  out.notes = std::move(notes);
  return out;
}

}  // namespace

Plan solo_plan(const Goal& goal, const std::string& text) {
  Plan plan;
  plan.decision = Decision::solo;
  Step step;
  step.id = "solo";
  step.title = clip(std::string(trim(text.substr(0, text.find('\n')))), 80);
  step.instructions = text;
  if (goal.focus != ".")
    step.instructions += "\n\nWork below `" + goal.focus + "` unless the goal says otherwise.";
  plan.steps.push_back(std::move(step));
  return plan;
}

std::vector<std::string> plannable_seats(const Lineup& lineup) {
  static constexpr std::array<std::string_view, 4> not_workers = {"planner", "reviewer", "advisor",
                                                                  "scout"};
  std::vector<std::string> names;
  for (const auto& [name, seat] : lineup.seats) {
    if (seat.ladder.empty()) continue;
    if (std::find(not_workers.begin(), not_workers.end(), name) == not_workers.end())
      names.push_back(name);
  }
  return names;
}

Result<Planned> accept_given(RunContext& run, Plan plan) {
  fill_defaults(plan);
  PlanVerdict verdict = validate(plan, limits_of(run));
  if (!verdict.ok()) {
    return fail(ErrorCode::usage, "the plan has faults: " + join(verdict.faults, "; "), "--plan",
                "correct the file, or plan again with `mixagent plan`");
  }
  Planned out;
  out.reason = plan.reason.empty() ? "the plan was given" : plan.reason;
  out.plan = std::move(plan);
  out.warnings = std::move(verdict.warnings);
  return out;
}

Result<Planned> plan_goal(RunContext& run, const PlanRequest& request) {
  Tools& tools = run.tools;
  const Seat* seat = tools.config.lineup.seat("planner");
  const Model* model = seat != nullptr && !seat->ladder.empty()
                           ? tools.config.lineup.model(seat->ladder[0])
                           : nullptr;
  if (model == nullptr)
    return fail(ErrorCode::config, "no model for the planner's seat", "[seats.planner]",
                "name one, or use --lane solo");

  TreeView view(tools.workspaces, request.tree);
  Hands hands(tools, view);
  MIX_TRY(const std::string system, render_system(tools, *seat, *model, seat->tools));
  Conversation conversation(
      tools, run.caller, hands,
      {*seat, *model, Pot{}, request.key, "", 0, system, seat->tools, "planner"});
  MIX_TRY(const std::string message, first_message(run, request, *model));
  conversation.say(message);

  Plan last;
  for (int round = 1; round <= 2; ++round) {
    MIX_TRY(const Ended ended, conversation.run());
    if (ended.kind != EndKind::terminal) {
      MIX_OK(tools.journal.append(PlanRejected{ended.why}));
      return fall_back(run, request, ended.why, as_notes(last));
    }
    SubmitPlan submitted = std::get<SubmitPlan>(*ended.action);
    fill_defaults(submitted.plan);
    PlanVerdict verdict = validate(submitted.plan, limits_of(run));
    if (verdict.ok()) {
      Planned out;
      out.warnings = std::move(submitted.warnings);
      out.warnings.insert(out.warnings.end(), verdict.warnings.begin(), verdict.warnings.end());
      out.reason = submitted.plan.reason;
      if (submitted.plan.decision == Decision::solo) {
        const std::vector<Check> checks = submitted.plan.checks;
        submitted.plan = solo_plan(run.goal, request.goal);
        submitted.plan.reason = out.reason;
        submitted.plan.checks = checks;
      }
      out.plan = std::move(submitted.plan);
      return out;
    }
    last = submitted.plan;
    const std::string faults = "- " + join(verdict.faults, "\n- ");
    MIX_OK(tools.journal.append(PlanRejected{join(verdict.faults, "; ")}));
    if (round == 1) {
      MIX_TRY(const std::string repair, render(tools, "repair", {{"faults", faults}}));
      conversation.say(repair);
    }
  }
  return fall_back(run, request, "it stayed faulty after one repair", as_notes(last));
}

}  // namespace mixagent
