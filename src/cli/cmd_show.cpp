#include "base/codec.h"
#include "base/embedded.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/inspect.h"
#include "core/codecs.h"
#include "journal/blobs.h"
#include "system/files.h"
#include "system/folders.h"
#include "system/terminal.h"
#include "view/show.h"
#include "view/words.h"

#include <algorithm>
#include <ostream>

namespace mixagent {

namespace {

Json step_json(const StepState& step) {
  Json object = to_json(step.step);
  object["status"] = std::string(enum_name(step.phase));
  object["model"] = step.model;
  object["attempts"] = step.attempts;
  object["usd"] = to_usd(step.cost);
  object["wasted_usd"] = to_usd(step.wasted);
  object["why"] = step.why;
  return object;
}

// Every fact of these kinds as its own line of the journal, in order.
template <class... T>
Json facts_json(const OpenedRun& run, const std::string& step) {
  Json list = Json::array();
  for (const Event& event : run.events) {
    const bool wanted = std::visit(
        [&step](const auto& fact) {
          using F = std::decay_t<decltype(fact)>;
          if constexpr ((std::is_same_v<F, T> || ...)) return step.empty() || fact.step == step;
          return false;
        },
        event.fact);
    if (!wanted) continue;
    if (auto json = parse_json(encode_event(event))) list.push_back(*std::move(json));
  }
  return list;
}

Json run_json(const OpenedRun& run, const std::string& step) {
  const RunState& state = run.state;
  Json object = {{"run_id", run.place.id.text},  {"directory", run.place.directory.string()},
                 {"goal", state.started.goal},   {"started", format_time(state.started_ms)},
                 {"completed", state.completed}, {"subtype", outcome_of(state)},
                 {"base_tree", state.base_tree}, {"head_tree", state.head_tree},
                 {"lane", state.lane},           {"total_cost_usd", to_usd(state.spent)}};
  Json steps = Json::array();
  for (const std::string& id : state.order) {
    if (const auto found = state.steps.find(id);
        found != state.steps.end() && (step.empty() || id == step)) {
      steps.push_back(step_json(found->second));
    }
  }
  object["steps"] = std::move(steps);
  object["attempts"] = facts_json<AttemptCompleted>(run, step);
  object["checks"] = facts_json<CheckCompleted>(run, step);
  object["reviews"] = facts_json<ReviewCompleted>(run, step);
  object["calls"] = facts_json<CallCompleted, CallFailed>(run, step);
  if (state.completed && step.empty()) {
    if (auto result = parse_json(encode_result(state.result)))
      object["result"] = *std::move(result);
  }
  return object;
}

Result<void> show(const ShowOptions& options, CliContext& context) {
  MIX_TRY(const OpenedRun run, open_run(options.run, options.directory, context));
  if (!options.step.empty() && run.state.steps.count(options.step) == 0) {
    return fail(
        ErrorCode::not_found, "this run has no such step", options.step,
        run.state.order.empty() ? "it has no plan" : "steps: " + join(run.state.order, ", "));
  }
  if (options.json) {
    context.out << dump_json(run_json(run, options.step)) << "\n";
    return {};
  }
  const Blobs blobs(run.place.directory / "blobs");
  const ShowInput input{
      run.state,
      run.events,
      run.place.id.text,
      run.place.directory.string(),
      context.color,
      terminal_width(Stream::out),
      [&blobs](const std::string& id) { return blobs.get(BlobId{id}).value_or(""); }};
  context.out << (options.step.empty() ? render_run(input) : render_step(input, options.step));
  return {};
}

// The user's own text where there is one, else ours.
Result<void> show_prompt(const std::string& name, CliContext& context) {
  const std::string known = "prompts/" + name + ".md";
  std::vector<std::string> names;
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.name.rfind("prompts/", 0) != 0) continue;
    names.emplace_back(file.name.substr(8, file.name.size() - 11));
    if (file.name != known) continue;
    const auto own = read_file(config_folder(context.env) / known, 1 << 20);
    if (!own && own.error().code != ErrorCode::not_found) return fail(own.error());
    context.out << (own ? std::string_view(*own) : file.text());
    return {};
  }
  return fail(ErrorCode::not_found, "no such prompt", name, "prompts: " + join(names, ", "));
}

}  // namespace

int cmd_show(const ShowOptions& options, CliContext& context) {
  const auto shown =
      options.run == "prompt" ? show_prompt(options.step, context) : show(options, context);
  return shown ? 0 : report_error(shown.error(), context);
}

}  // namespace mixagent
