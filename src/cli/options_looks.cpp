#include "cli/options_looks.h"

#include <memory>

namespace mixagent {

namespace {

// Options live as long as the command that they belong to.
template <class Options>
std::shared_ptr<Options> carry_out(const CommandFrame& frame, CLI::App& app,
                                   int (*command)(const Options&, CliContext&)) {
  auto options = std::make_shared<Options>();
  app.callback([frame, command, options] {
    frame.chosen = [frame, command, options] {
      options->directory = frame.directory();
      return command(*options, frame.context);
    };
  });
  return options;
}

void declare_runs(const CommandFrame& frame) {
  CLI::App& app = frame.command("runs", "List the runs of this repository",
                                "  mixagent runs\n  mixagent runs --json");
  const auto options = carry_out<RunsOptions>(frame, app, cmd_runs);
  app.add_flag("--json", options->json, "One JSON object a line");
  app.add_flag("--all", options->all, "Of every repository");
}

void declare_show(const CommandFrame& frame) {
  CLI::App& app = frame.command("show", "Show a run, one of its steps, or an effective prompt",
                                "  mixagent show                  (the newest run)\n"
                                "  mixagent show 20261124 s2\n  mixagent show prompt work");
  const auto options = carry_out<ShowOptions>(frame, app, cmd_show);
  app.add_option("RUN", options->run, "A run, or its unique beginning; `prompt` shows a prompt");
  app.add_option("STEP", options->step, "A step of it, or the prompt's name");
  app.add_flag("--json", options->json, "As JSON");
}

void declare_diff(const CommandFrame& frame) {
  CLI::App& app =
      frame.command("diff", "Show what a run would change, or changed",
                    "  mixagent diff\n  mixagent diff 20261124-151200-k3f9 > change.patch");
  const auto options = carry_out<DiffOptions>(frame, app, cmd_diff);
  app.add_option("RUN", options->run, "A run, or its unique beginning (default: the newest)");
}

void declare_context(const CommandFrame& frame) {
  CLI::App& app = frame.command("context", "Show what a planner would be shown for a goal",
                                "  mixagent context \"add pagination to the API\"\n"
                                "  mixagent context \"add pagination\" --budget 2000 --explain");
  const auto options = carry_out<ContextCommandOptions>(frame, app, cmd_context);
  app.add_option("GOAL", options->goal, "What to do; - reads it from standard input");
  app.add_option("--budget", options->budget, "Tokens at most (default 6000)")
      ->type_name("TOKENS")
      ->check(CLI::Range(100, 1'000'000));
  app.add_flag("--explain", options->explain, "The files with what speaks for each");
  app.add_flag("--json", options->json, "As one JSON object");
}

void declare_cost(const CommandFrame& frame) {
  CLI::App& app = frame.command("cost", "What a run cost, or all runs against the caps",
                                "  mixagent cost                  (today, this month, last runs)\n"
                                "  mixagent cost 20261124-151200-k3f9");
  const auto options = std::make_shared<CostOptions>();
  app.add_option("RUN", options->run, "A run, or its unique beginning (default: all runs)");
  app.add_flag("--json", options->json, "As JSON");
  app.callback([frame, options] {
    frame.chosen = [frame, options] {
      frame.context.cwd = options->directory = frame.directory();
      options->config = frame.config_flags();
      return cmd_cost(*options, frame.context);
    };
  });
}

void declare_stats(const CommandFrame& frame) {
  CLI::App& app = frame.command("stats", "Who solved what for how much, over all runs",
                                "  mixagent stats                 (by seat and model: for choosing "
                                "seats)\n  mixagent stats --by repository --days 30");
  const auto options = std::make_shared<StatsOptions>();
  app.add_option("--by", options->by,
                 "seat+model, seat, model, provider, action, repository, user, day or step")
      ->type_name("WHAT");
  app.add_option("--days", options->days, "Only the last N days")->type_name("N");
  app.add_flag("--rebuild", options->rebuild, "Read every journal anew");
  app.add_flag("--json", options->json, "As JSON");
  app.callback([frame, options] {
    frame.chosen = [frame, options] { return cmd_stats(*options, frame.context); };
  });
}

void declare_report(const CommandFrame& frame) {
  CLI::App& app = frame.command("report", "A run as one document in Markdown",
                                "  mixagent report                (the newest run)\n"
                                "  mixagent report 20261124-151200-k3f9 -o report.md");
  const auto options = carry_out<ReportOptions>(frame, app, cmd_report);
  app.add_option("RUN", options->run, "A run, or its unique beginning (default: the newest)");
  app.add_option("-o", options->out_file, "Write it to FILE")->type_name("FILE");
  app.add_flag("--json", options->json, "The same facts as JSON");
}

}  // namespace

void declare_looks(const CommandFrame& frame) {
  declare_runs(frame);
  declare_show(frame);
  declare_diff(frame);
  declare_context(frame);
  declare_cost(frame);
  declare_stats(frame);
  declare_report(frame);
}

}  // namespace mixagent
