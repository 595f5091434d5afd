#include "view/report.h"

#include "base/text.h"
#include "core/account.h"
#include "core/codecs.h"
#include "view/narrate.h"
#include "view/show.h"
#include "view/words.h"

#include <algorithm>

namespace mixagent {

namespace {

// One line of text that Markdown and HTML take as text.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : escape_terminal_line(text)) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '|':
      case '`':
      case '*':
      case '_':
      case '[':
      case ']':
      case '\\':
        out += '\\';
        out += c;
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string code(std::string_view text) {
  // Backticks inside would end it; a table's bar would split it.
  return "`" + replace_all(replace_all(escape_terminal_line(text), "`", "'"), "|", "\\|") + "`";
}

std::string table(const std::vector<std::string>& titles,
                  const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return "";
  std::string out = "| " + join(titles, " | ") + " |\n|";
  for (std::size_t i = 0; i < titles.size(); ++i) out += " --- |";
  for (const auto& row : rows) out += "\n| " + join(row, " | ") + " |";
  return out + "\n";
}

std::string section(const std::string& title, const std::string& body) {
  return body.empty() ? "" : "\n## " + title + "\n\n" + body;
}

std::string head(const Account& account, const std::string& run) {
  const RunState& state = account.state;
  std::string out = "# " + plain(clip(state.started.goal, 200)) + "\n\n";
  const auto line = [&out](const std::string& name, const std::string& value) {
    if (!value.empty()) out += "- **" + name + "**: " + value + "\n";
  };
  line("Run", plain(run) + ", " + format_time(state.started_ms) + ", " +
                  format_duration_ms(state.last_ms - state.started_ms));
  line("Repository", plain(state.started.repository));
  line("Outcome", outcome_of(state));
  if (state.completed) {
    const RunResult& result = state.result;
    line("Why", plain(result.error ? result.error->message : result.reason));
    line("Verified", std::string(enum_name(result.verified)));
    line("Delivered", plain(result.delivered));
    line("Go on with", result.resume.empty() ? "" : code(result.resume));
  }
  line("Lane", plain(state.lane + (state.lane_reason.empty() ? "" : ": " + state.lane_reason)));
  line("Cost", format_usd(state.spent) + " in " + format_count(state.model_calls) + " calls, " +
                   format_usd(state.wasted) + " of it wasted");
  return out;
}

std::string checks(const RunState& state) {
  std::vector<std::vector<std::string>> rows;
  const auto& records = state.completed ? state.result.checks : state.baseline;
  for (const CheckRecord& check : records) {
    rows.push_back({code(check.command), before_and_after(check), format_duration_ms(check.ms)});
  }
  return table({"command", "before → after", "took"}, rows);
}

std::string steps(const Account& account) {
  std::vector<std::vector<std::string>> rows;
  for (const StepRow& step : account.steps) {
    rows.push_back({plain(step.step), plain(step.title), step.status, plain(step.model),
                    std::to_string(step.attempts), format_usd(step.cost)});
  }
  return table({"step", "title", "status", "model", "attempts", "cost"}, rows);
}

std::string attempts(const Account& account) {
  std::vector<std::vector<std::string>> rows;
  for (const AttemptRow& attempt : account.attempts) {
    const int edits = attempt.edits + attempt.wholes;
    const int applied = edits - attempt.edits_bad - attempt.wholes_bad;
    rows.push_back({plain(attempt.step), std::to_string(attempt.attempt), plain(attempt.seat),
                    plain(attempt.model), attempt.outcome.empty() ? "open" : plain(attempt.outcome),
                    edits == 0 ? "" : std::to_string(applied) + "/" + std::to_string(edits),
                    format_usd(attempt.cost)});
  }
  return table({"step", "attempt", "seat", "model", "outcome", "edits applied", "cost"}, rows);
}

std::string findings(const RunState& state) {
  std::string out;
  for (const Finding& finding : state.findings_open) {
    out += "- " + std::string(enum_name(finding.severity)) + " " +
           code(finding.file + ":" + std::to_string(finding.line)) + ": " + plain(finding.claim) +
           "\n";
  }
  return out;
}

std::string files(const RunState& state) {
  std::string out;
  const auto& flagged = state.result.flagged_files;
  for (const std::string& file : state.result.files_changed) {
    const bool runs = std::find(flagged.begin(), flagged.end(), file) != flagged.end();
    out += "- " + code(file) + (runs ? " **runs by itself: read it first**" : "") + "\n";
  }
  return out;
}

// Everything that is worth a line, with the seconds since the start.
std::string history(const std::vector<Event>& events) {
  std::string out;
  for (const Event& event : events) {
    for (const Line& line : narrate(event)) {
      if (line.weight == Weight::detail) continue;
      const std::int64_t since = event.at_ms - events.front().at_ms;
      out += "- " + format_duration_ms(since) + " — " + plain(line.text) + "\n";
    }
  }
  return out;
}

struct Sum {
  int calls = 0;
  Usage usage;
  Money cost, wasted;
};

std::string costs(const Account& account) {
  std::map<std::pair<std::string, std::string>, Sum> sums;
  for (const CallRow& call : account.calls) {
    for (Sum* sum : {&sums[{call.seat, call.model}], &sums[{"", "total"}]}) {
      ++sum->calls;
      sum->usage += call.usage;
      sum->cost += call.cost;
      sum->wasted += call.wasted;
    }
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, sum] : sums) {
    rows.push_back({plain(name.first), plain(name.second), format_count(sum.calls),
                    format_count(sum.usage.input), percent(sum.usage.cached_input, sum.usage.input),
                    format_count(sum.usage.output), format_usd(sum.cost), format_usd(sum.wasted)});
  }
  std::rotate(rows.begin(), rows.begin() + (rows.empty() ? 0 : 1), rows.end());
  std::string out =
      table({"seat", "model", "calls", "input", "cached", "output", "cost", "wasted"}, rows);
  const RunState& state = account.state;
  const std::string factor = saving_factor(state.spent, state.result.frontier_cost);
  if (!factor.empty()) {
    out += "\nThe same tokens on the planner's model alone would have cost " +
           format_usd(state.result.frontier_cost) + ", " + factor + ".\n";
  }
  return out;
}

}  // namespace

std::string render_report(const std::vector<Event>& events) {
  const Account account = account_of(events);
  const std::string run = events.empty() ? "" : events.front().run.text;
  return head(account, run) + section("Checks", checks(account.state)) +
         section("Steps", steps(account)) + section("Attempts", attempts(account)) +
         section("Left open by the review", findings(account.state)) +
         section("Files changed", files(account.state)) + section("Cost", costs(account)) +
         section("What happened", history(events));
}

}  // namespace mixagent
