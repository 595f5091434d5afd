#include "view/show.h"

#include "base/text.h"
#include "core/codecs.h"
#include "view/summary.h"
#include "view/table.h"
#include "view/words.h"

#include <algorithm>

namespace mixagent {

namespace {

constexpr std::size_t most_output = 2'000;  // bytes of a check's output

std::string safe(std::string_view text) {
  return escape_terminal_line(text);
}

std::string section(const ShowInput& input, std::string_view title, const std::string& body) {
  return body.empty() ? "" : "\n" + Paint{input.color}.bold(title) + "\n" + body;
}

std::string paragraph(std::string_view text, int width, const std::string& indent) {
  std::string out;
  for (const std::string& line : wrap_words(escape_terminal(text), width - display_width(indent))) {
    out += indent + line + "\n";
  }
  return out;
}

TableLayout layout(const ShowInput& input) {
  return {input.width, 2, input.color};
}

// Every fact of one type, in order; of one step only where `step` is not empty.
template <class T>
std::vector<const T*> facts(const ShowInput& input, const std::string& step = {}) {
  std::vector<const T*> found;
  for (const Event& event : input.events) {
    const T* fact = std::get_if<T>(&event.fact);
    if (fact != nullptr && (step.empty() || fact->step == step)) found.push_back(fact);
  }
  return found;
}

std::string head(const ShowInput& input) {
  const RunState& state = input.state;
  const std::int64_t took = std::max<std::int64_t>(state.last_ms - state.started_ms, 0);
  std::string out = Paint{input.color}.bold("Run " + safe(input.run)) + "  " +
                    safe(clip(state.started.goal, 300)) + "\n";
  out += "  started " + format_time(state.started_ms) +
         (state.completed
              ? ", took " + format_duration_ms(took)
              : ", without an end so far (last event " + format_time(state.last_ms) + ")") +
         "\n";
  if (!state.lane.empty()) {
    out += "  lane " + safe(state.lane) +
           (state.lane_reason.empty() ? "" : ": " + safe(state.lane_reason)) + "\n";
  }
  return out + "  kept in " + safe(input.directory) + "\n";
}

std::string open_steps(const ShowInput& input) {
  std::vector<Row> rows;
  for (const std::string& id : input.state.order) {
    const auto found = input.state.steps.find(id);
    if (found == input.state.steps.end()) continue;
    const StepState& step = found->second;
    rows.push_back({id, step.step.title, std::string(enum_name(step.phase)), step.model,
                    std::to_string(step.attempts), format_usd(step.cost)});
  }
  return section(input, "Steps",
                 render_table({{"step"},
                               {"title", Align::left, true},
                               {"status"},
                               {"model", Align::left, true},
                               {"attempts", Align::right},
                               {"cost", Align::right}},
                              rows, layout(input)));
}

std::string attempts(const ShowInput& input, const std::string& step) {
  std::vector<Row> rows;
  for (const AttemptCompleted* fact : facts<AttemptCompleted>(input, step)) {
    rows.push_back({fact->step, std::to_string(fact->attempt), fact->seat, fact->model,
                    replace_all(fact->outcome, "_", " "), fact->why});
  }
  return section(input, "Attempts",
                 render_table({{"step"},
                               {"attempt", Align::right},
                               {"seat"},
                               {"model"},
                               {"outcome"},
                               {"why", Align::left, true}},
                              rows, layout(input)));
}

// Every change of who works on a step, and every end of that, with its reason.
std::string transitions(const ShowInput& input, const std::string& step) {
  std::vector<std::string> lines;  // a resumed run tells some twice
  const auto tell = [&](const std::string& whose, const std::string& what, const std::string& why) {
    if (why.empty() || (!step.empty() && whose != step)) return;
    const std::string line = (whose.empty() ? "" : whose + ": ") + what + ": " + why;
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  };
  for (const Event& event : input.events) {
    if (const auto* begun = std::get_if<AttemptStarted>(&event.fact)) {
      tell(begun->step, "begins with " + begun->model, begun->why);
    } else if (const auto* climb = std::get_if<Escalated>(&event.fact)) {
      tell(climb->step, "climbs from " + climb->from + " to " + climb->to, climb->why);
    } else if (const auto* stop = std::get_if<LadderStopped>(&event.fact)) {
      tell(stop->step, "stops after " + stop->model, stop->why);
    } else if (const auto* again = std::get_if<Replanned>(&event.fact)) {
      tell(again->step, "back to the planner", again->why);
    }
  }
  std::string out;
  for (const std::string& line : lines) out += paragraph(line, input.width, "  ");
  return section(input, "Transitions", out);
}

std::string reviews(const ShowInput& input, const std::string& step) {
  std::string out;
  for (const ReviewCompleted* fact : facts<ReviewCompleted>(input, step)) {
    const Review& review = fact->review;
    char score[16];
    std::snprintf(score, sizeof score, "%.2f", review.score);
    out += "  " + (fact->step.empty() ? "whole diff" : safe(fact->step)) + ", round " +
           std::to_string(fact->round) + ", " + safe(fact->model) + ": " +
           std::string(enum_name(review.verdict)) + " " + score +
           (fact->note.empty() ? "" : " (" + safe(fact->note) + ")") + "\n";
    for (const Finding& finding : review.findings) {
      const std::string place =
          finding.file + (finding.line > 0 ? ":" + std::to_string(finding.line) : "");
      out += paragraph(finding.id + " " + std::string(enum_name(finding.severity)) + " " + place +
                           ": " + finding.claim,
                       input.width, "    ");
      if (!step.empty() && !finding.evidence.empty()) {
        out += paragraph("evidence: " + finding.evidence, input.width, "      ");
      }
    }
  }
  return section(input, "Reviews", out);
}

std::string notes(const ShowInput& input) {
  std::string out;
  for (const std::string& note : input.state.notes) out += paragraph(note, input.width, "  ");
  return section(input, "Notes", out);
}

std::string order(const StepState& step, const ShowInput& input) {
  const Step& plan = step.step;
  std::string out = paragraph(plan.instructions, input.width, "  ");
  const auto list = [&](const char* name, const std::vector<std::string>& items) {
    if (!items.empty()) out += paragraph(name + join(items, ", "), input.width, "  ");
  };
  list("after: ", plan.depends_on);
  list("reads: ", plan.files.read);
  list("writes: ", plan.files.write);
  list("creates: ", plan.files.create);
  for (const Check& check : plan.checks)
    out += paragraph("check: " + check.command, input.width, "  ");
  return section(input, "Instructions", out);
}

std::string calls(const ShowInput& input, const std::string& step) {
  std::vector<Row> rows;
  for (const CallCompleted* fact : facts<CallCompleted>(input, step)) {
    rows.push_back(
        {fact->seat, fact->model, std::to_string(fact->attempt), format_count(fact->usage.input),
         percent(fact->usage.cached_input, fact->usage.input), format_count(fact->usage.output),
         format_usd(fact->cost), format_duration_ms(fact->ms), fact->stop});
  }
  return section(input, "Calls",
                 render_table({{"seat"},
                               {"model", Align::left, true},
                               {"attempt", Align::right},
                               {"input", Align::right},
                               {"cached", Align::right},
                               {"output", Align::right},
                               {"cost", Align::right},
                               {"took", Align::right},
                               {"end"}},
                              rows, layout(input)));
}

std::string output_of(const ShowInput& input, const CheckCompleted& fact) {
  const bool expected = fact.phase == "baseline";  // it may fail before the work
  if (expected || fact.check.passed() || fact.output.empty() || !input.body) return "";
  std::string out;
  for (const std::string& line : split_lines(clip_middle(input.body(fact.output), most_output))) {
    out += "    " + safe(line) + "\n";
  }
  return out;
}

std::string checks(const ShowInput& input, const std::string& step) {
  std::string out;
  for (const CheckCompleted* fact : facts<CheckCompleted>(input, step)) {
    const std::string verdict = fact->check.passed()
                                    ? "passes"
                                    : "fails (exit " + std::to_string(fact->check.exit_code) + ")";
    const bool attempt = fact->phase == "attempt" || fact->phase.empty();
    out += "  " + (attempt ? "" : safe(fact->phase) + ": ") + safe(fact->check.command) + ": " +
           verdict + (fact->check.flaky ? ", flaky" : "") + ", " +
           format_duration_ms(fact->check.ms) + "\n" + output_of(input, *fact);
  }
  return section(input, "Checks", out);
}

std::string refusals(const ShowInput& input, const std::string& step) {
  std::string out;
  for (const GateFailed* fact : facts<GateFailed>(input, step)) {
    out += paragraph("gate " + fact->gate + ": " + fact->why, input.width, "  ");
  }
  for (const EditRejected* fact : facts<EditRejected>(input, step)) {
    out += paragraph("edit of " + fact->path + ": " + clip(fact->why, 300), input.width, "  ");
  }
  return section(input, "Refused", out);
}

}  // namespace

std::string outcome_of(const RunState& state) {
  return state.completed ? state.result.subtype : "open";
}

std::string render_run(const ShowInput& input) {
  std::string out = head(input);
  if (input.state.completed) {
    out += "\n" + render_summary(input.state, input.state.result, input.color, input.width);
  } else {
    out += open_steps(input) + render_costs(input.state, {}, input.color, input.width);
  }
  return out + attempts(input, "") + transitions(input, "") + reviews(input, "") + notes(input);
}

std::string render_step(const ShowInput& input, const std::string& step) {
  const auto found = input.state.steps.find(step);
  MIX_CHECK(found != input.state.steps.end(), "the caller knows which steps there are");
  const StepState& state = found->second;
  const Paint paint{input.color};
  std::string out = paint.bold("Step " + safe(step)) + "  " + safe(state.step.title) + "\n  " +
                    paint_status(enum_name(state.phase), paint) + ", " +
                    std::string(enum_name(state.step.action)) + ", " +
                    std::string(enum_name(state.step.difficulty)) + " difficulty, " +
                    format_usd(state.cost) + "\n";
  if (!state.why.empty()) out += paragraph(state.why, input.width, "  ");
  return out + order(state, input) + attempts(input, step) + transitions(input, step) +
         calls(input, step) + checks(input, step) + refusals(input, step) + reviews(input, step);
}

std::string render_runs(const std::vector<RunLine>& runs, bool color, int width) {
  std::vector<Row> rows;
  for (const RunLine& run : runs) {
    if (run.state == nullptr) {
      rows.push_back({run.id, "unreadable", "", "", run.repository, run.fault});
      continue;
    }
    const std::string verified =
        run.state->completed ? std::string(enum_name(run.state->result.verified)) : "";
    rows.push_back({run.id, outcome_of(*run.state), verified, format_usd(run.state->spent),
                    run.repository, run.state->started.goal});
  }
  return render_table({{"run"},
                       {"outcome"},
                       {"verified"},
                       {"cost", Align::right},
                       {"repository", Align::left, true},
                       {"goal", Align::left, true}},
                      rows, {width, 0, color});
}

}  // namespace mixagent
