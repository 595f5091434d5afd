#include "view/summary.h"

#include "base/text.h"
#include "view/table.h"
#include "view/words.h"

#include <algorithm>

namespace mixagent {

namespace {

constexpr std::size_t most_files_shown = 20;

std::string safe(std::string_view text) {
  return escape_terminal_line(text);
}

std::string heading(std::string_view title, const Paint& paint) {
  return "\n" + paint.bold(title) + "\n";
}

std::string why_not(const RunResult& result) {
  if (result.error && !result.error->message.empty()) return ": " + safe(result.error->message);
  return result.reason.empty() ? "." : ": " + safe(result.reason);
}

// The subtype in words; one entry for each row of the exit-code table.
std::string outcome_words(const RunResult& result) {
  const std::string& subtype = result.subtype;
  if (subtype == "success") {
    return result.decision == "no_op" ? "Nothing to do" + why_not(result) : "Goal reached.";
  }
  if (subtype == "not_reached") return "Not reached" + why_not(result);
  if (subtype == "budget") return "Stopped at the money cap" + why_not(result);
  if (subtype == "limit") return "Stopped at a limit" + why_not(result);
  if (subtype == "need_input") return "A person must decide" + why_not(result);
  if (subtype == "auth") return "A key is missing or was refused" + why_not(result);
  if (subtype == "sandbox") return "The sandbox is not available here" + why_not(result);
  if (subtype == "quota") {
    const std::string again =
        result.resets_at.empty() ? "" : " (back " + safe(result.resets_at) + ")";
    return "The provider's quota is used up" + again + why_not(result);
  }
  if (subtype == "timeout") return "Out of time" + why_not(result);
  if (subtype == "interrupted") return "Interrupted; the work so far is kept.";
  if (subtype == "usage") return "Not started" + why_not(result);
  return "Failed" + why_not(result);
}

std::string outcome_section(const RunResult& result, const Paint& paint) {
  const std::string words = outcome_words(result);
  std::string out = result.is_error ? paint.red(words) : paint.green(words);
  return paint.bold(out) + "\n";
}

std::string verified_section(const RunResult& result, const Paint& paint, int width) {
  if (result.decision == "no_op" || (result.checks.empty() && result.files_changed.empty())) {
    return "";
  }
  // The engine's own sentence where it gave one.
  const bool reasoned = !result.is_error && !result.reason.empty();
  const std::string why =
      reasoned ? safe(result.reason) : explain_verified(result.verified, result.checks);
  const std::string text =
      std::string("verified: ") + std::string(enum_name(result.verified)) + " — " + why + ".";
  std::string out;
  for (const std::string& line : wrap_words(text, width)) out += line + "\n";
  const std::string plain = "verified: " + std::string(enum_name(result.verified));
  const std::string colored = "verified: " + paint_status(enum_name(result.verified), paint);
  return out.compare(0, plain.size(), plain) == 0 ? colored + out.substr(plain.size()) : out;
}

std::string checks_section(const RunResult& result, const Paint& paint, int width) {
  std::vector<Row> rows;
  for (const CheckRecord& check : result.checks) {
    rows.push_back({check.command, before_and_after(check), format_duration_ms(check.ms)});
  }
  if (rows.empty()) return "";
  return heading("Checks", paint) +
         render_table({{"command", Align::left, true}, {"before → after"}, {"took", Align::right}},
                      rows, {width, 2, paint.on});
}

std::string steps_section(const RunResult& result, const Paint& paint, int width) {
  std::vector<Row> rows;
  for (const StepSummary& step : result.steps) {
    rows.push_back({step.id, step.title, std::string(enum_name(step.status)), step.seat, step.model,
                    std::to_string(step.attempts), format_usd(step.cost)});
  }
  if (rows.empty()) return "";
  return heading("Steps", paint) + render_table({{"step"},
                                                 {"title", Align::left, true},
                                                 {"status"},
                                                 {"seat"},
                                                 {"model", Align::left, true},
                                                 {"attempts", Align::right},
                                                 {"cost", Align::right}},
                                                rows, {width, 2, paint.on});
}

std::string findings_section(const RunResult& result, const Paint& paint, int width) {
  if (result.findings_open.empty()) return "";
  std::string out = heading("Left open by the review", paint);
  for (const Finding& finding : result.findings_open) {
    std::string place = safe(finding.file);
    if (finding.line > 0) place += ":" + std::to_string(finding.line);
    const std::string text = safe(finding.id) + " " + std::string(enum_name(finding.severity)) +
                             " " + place + (place.empty() ? "" : ": ") + safe(finding.claim);
    for (const std::string& line : wrap_words(text, width - 2)) out += "  " + line + "\n";
  }
  return out;
}

// Files that run by themselves come first: they deserve a look before anything else does.
std::string files_section(const RunResult& result, const Paint& paint) {
  if (result.files_changed.empty()) return "";
  const auto& flagged = result.flagged_files;
  const auto is_flagged = [&flagged](const std::string& file) {
    return std::find(flagged.begin(), flagged.end(), file) != flagged.end();
  };
  std::vector<std::string> files = result.files_changed;
  std::stable_partition(files.begin(), files.end(), is_flagged);

  std::string out = heading(
      "Files changed (" + format_count(static_cast<std::int64_t>(files.size())) + ")", paint);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (i == std::max(most_files_shown, flagged.size())) {
      out += "  and " + std::to_string(files.size() - i) + " more\n";
      break;
    }
    out += "  " + safe(files[i]);
    if (is_flagged(files[i])) out += "  " + paint.yellow("runs by itself: read it first");
    out += "\n";
  }
  return out;
}

std::string where_section(const RunResult& result, const Paint& paint) {
  const std::string run = safe(result.run_id);
  std::string out;
  if (result.delivered == "working tree") {
    out +=
        "  in your working tree, uncommitted (git diff); mixagent undo " + run + " takes it back\n";
  } else if (!result.delivered.empty() && result.delivered != "kept in the run") {
    out += "  " + safe(result.delivered) + "; mixagent diff " + run + " shows it again" +
           (result.commit.empty() ? "\n" : ", mixagent undo " + run + " takes it back\n");
  } else if (!result.files_changed.empty()) {
    out += "  kept in the run, your files are untouched: mixagent diff " + run +
           ", mixagent apply " + run + "\n";
  }
  if (!result.branch.empty()) out += "  commit " + safe(result.commit) + "\n";
  if (!result.resume.empty()) out += "  go on with: " + safe(result.resume) + "\n";
  if (!run.empty()) out += "  every call and check: mixagent show " + run + "\n";
  return out.empty() ? "" : heading("Where the work is", paint) + out;
}

Row cost_row(const std::string& name, int calls, const Usage& usage, Money cost, Money total) {
  return {name,
          format_count(calls),
          format_count(usage.input),
          percent(usage.cached_input, usage.input),
          format_count(usage.output),
          format_usd(cost),
          percent(cost.pico / 1'000'000, total.pico / 1'000'000)};
}

template <class Map>
auto value_or_zero(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? typename Map::mapped_type{} : found->second;
}

// One line for each name that was called or paid, dearest first.
std::vector<Row> cost_rows(const std::map<std::string, int>& calls,
                           const std::map<std::string, Usage>& usage,
                           const std::map<std::string, Money>& cost, Money total) {
  std::map<std::string, Money> all = cost;
  for (const auto& [name, count] : calls) all.try_emplace(name);
  std::vector<std::pair<std::string, Money>> order(all.begin(), all.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<Row> rows;
  for (const auto& [name, money] : order) {
    rows.push_back(
        cost_row(name, value_or_zero(calls, name), value_or_zero(usage, name), money, total));
  }
  return rows;
}

std::string comparison(const RunState& state, Money frontier_cost) {
  std::string out;
  if (state.wasted.pico > 0) {
    out += "  " + format_usd(state.wasted) + " of it (" +
           percent(state.wasted.pico / 1'000'000, state.spent.pico / 1'000'000) +
           ") went into attempts and replies that were not accepted.\n";
  }
  const std::string factor = saving_factor(state.spent, frontier_cost);
  if (!factor.empty()) {
    out += "  The same tokens on the planner's model alone would have cost " +
           format_usd(frontier_cost) + ", " + factor + ".\n";
  }
  return out;
}

}  // namespace

std::string render_costs(const RunState& state, Money frontier_cost, bool color, int width) {
  if (state.model_calls == 0 && state.spent.pico == 0) return "";
  const Paint paint{color};
  std::vector<Row> rows =
      cost_rows(state.calls_by_seat, state.usage_by_seat, state.by_seat, state.spent);
  rows.push_back({});
  for (Row& row :
       cost_rows(state.calls_by_model, state.usage_by_model, state.by_model, state.spent)) {
    rows.push_back(std::move(row));
  }
  rows.push_back({});
  rows.push_back(cost_row("total", state.model_calls, state.usage, state.spent, {}));
  return heading("Cost", paint) +
         render_table({{"seat, then model", Align::left, true},
                       {"calls", Align::right},
                       {"input", Align::right},
                       {"cached", Align::right},
                       {"output", Align::right},
                       {"cost", Align::right},
                       {"share", Align::right}},
                      rows, {width, 2, color}) +
         comparison(state, frontier_cost);
}

namespace {

std::string isolation_line(const RunState& state) {
  const std::string& isolation = state.started.isolation;
  if (isolation.empty() || isolation == "full") return "";
  return "  commands ran with isolation \"" + safe(isolation) + "\", weaker than full\n";
}

}  // namespace

std::string render_summary(const RunState& state, const RunResult& result, bool color, int width) {
  const Paint paint{color};
  return outcome_section(result, paint) + isolation_line(state) +
         verified_section(result, paint, width) + checks_section(result, paint, width) +
         steps_section(result, paint, width) + findings_section(result, paint, width) +
         files_section(result, paint) + render_costs(state, result.frontier_cost, color, width) +
         where_section(result, paint);
}

std::string render_result_text(const RunResult& result) {
  std::string out = outcome_words(result) + "\n";
  if (!result.files_changed.empty()) {
    out += "verified: " + std::string(enum_name(result.verified)) + ", " +
           format_count(static_cast<std::int64_t>(result.files_changed.size())) +
           (result.files_changed.size() == 1 ? " file" : " files") + " changed";
    if (!result.delivered.empty()) out += ", " + safe(result.delivered);
    out += "\n";
  }
  out += "cost: " + format_usd(result.total_cost) + " in " + format_count(result.model_calls) +
         (result.model_calls == 1 ? " call" : " calls") + ", " +
         format_duration_ms(result.duration_ms) + "\n";
  if (!result.resume.empty()) out += "resume: " + safe(result.resume) + "\n";
  return out;
}

}  // namespace mixagent
