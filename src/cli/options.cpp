#include "cli/options.h"

#include "base/text.h"
#include "cli/cmd_run.h"
#include "cli/goal_of.h"
#include "cli/options_looks.h"
#include "cli/wiring.h"
#include "system/terminal.h"
#include "version.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <functional>
#include <optional>

namespace mixagent {

namespace {

// What every command takes.
struct Globals {
  std::string directory;
  std::vector<std::string> overrides;
  bool quiet = false;
  int verbose = 0;
  std::string color = "auto";
};

struct RunFlags {
  RunOptions options;
  std::string format = "text", timeout, budget, sandbox;
  int jobs = 0;
  bool allow_unpriced = false, last = false;
  std::vector<std::string> seats;
};

class CommandLine {
 public:
  explicit CommandLine(CliContext& context) : context_(context) { declare(); }
  int parse(int argc, const char* const* argv);

 private:
  std::vector<std::string> command_names() const;
  bool is_command(const std::string& word) const;
  int no_such_command(const std::string& word);
  int cut_at_dashes(int argc, const char* const* argv);
  void declare();
  void declare_run();
  void declare_plan();
  void declare_resume();
  void declare_deliver();
  void declare_sandbox();
  void declare_money();
  void declare_setup();
  void add_globals(CLI::App& app);
  CLI::App& command(const std::string& name, const std::string& about, const std::string& example);
  void add_goal_flags(CLI::App& app, RunFlags& flags);
  void add_run_flags(CLI::App& app, RunFlags& flags);
  void add_delivery_flags(CLI::App& app, RunFlags& flags);
  Result<RunOptions> finish(RunFlags& flags);
  ConfigFlags config_flags() const;
  std::filesystem::path directory() const {
    return std::filesystem::weakly_canonical(
        globals_.directory.empty() ? context_.cwd : context_.cwd / globals_.directory);
  }

  CliContext& context_;
  CLI::App app_{"mixagent turns a goal into a verified patch for as little money as that takes."};
  Globals globals_;
  RunFlags run_, plan_, resume_;
  std::string plan_out_;
  ApplyOptions apply_;
  SandboxRunOptions sandbox_;
  std::string sandbox_level_, sandbox_timeout_;
  int sandbox_memory_mb_ = 0, sandbox_disk_mb_ = 0;
  CostOptions cost_;
  StatsOptions stats_;
  ReportOptions report_;
  InitOptions init_;
  DoctorOptions doctor_;
  ConfigOptions config_;
  ModelsOptions models_;
  SeatsOptions seats_;
  ProcessesPosix processes_;
  SystemClock clock_;
  SystemRandom random_;
  std::function<int()> chosen_;
};

void CommandLine::add_globals(CLI::App& app) {
  app.add_option("-C", globals_.directory, "Work in this folder of a repository")->type_name("DIR");
  app.add_option("-c", globals_.overrides,
                 "Set a configuration key (read as TOML), repeatable: -c run.jobs=2")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_flag("-q,--quiet", globals_.quiet, "Say less on standard error");
  app.add_flag("-v,--verbose", globals_.verbose, "Say more; twice for the diagnostic log");
  app.add_option("--color", globals_.color, "auto, always or never")->type_name("WHEN");
}

CLI::App& CommandLine::command(const std::string& name, const std::string& about,
                               const std::string& example) {
  CLI::App* sub = app_.add_subcommand(name, about);
  sub->footer("Examples:\n" + example);
  add_globals(*sub);
  return *sub;
}

void CommandLine::add_goal_flags(CLI::App& app, RunFlags& flags) {
  RunOptions& o = flags.options;
  app.add_option("GOAL", o.goal, "What to do, in your words; - reads it from standard input");
  app.add_option("-f,--file", o.goal_file, "Read the goal from FILE")->type_name("FILE");
  app.add_option("--seat", flags.seats,
                 "Who sits where, repeatable: --seat worker=deepseek/deepseek-chat")
      ->type_name("NAME=MODEL")
      ->allow_extra_args(false);
  app.add_option("--check", o.checks,
                 "Acceptance command, repeatable; takes the place of [verify] checks")
      ->type_name("CMD")
      ->allow_extra_args(false);
  app.add_flag("--allow-unpriced", flags.allow_unpriced,
               "Use models without a known price although a cap is set");
}

void CommandLine::add_run_flags(CLI::App& app, RunFlags& flags) {
  app.add_option("--max-budget-usd", flags.budget,
                 "Never spend more than this (default: budget.run_usd, 2.00)")
      ->type_name("USD");
  app.add_option("--timeout", flags.timeout, "Stop after 90s, 30m or 2h; the work is kept")
      ->type_name("TIME");
  app.add_option("--output-format", flags.format,
                 "text, json (one result line) or stream-json (every event)")
      ->type_name("FORMAT");
}

void CommandLine::add_delivery_flags(CLI::App& app, RunFlags& flags) {
  RunOptions& o = flags.options;
  app.add_option("--max-steps", o.max_steps, "Start at most N steps")->type_name("N");
  app.add_option("--jobs", flags.jobs, "Steps at the same time (default 4)")->type_name("N");
  app.add_option("-o", o.result_file, "Write the result object to FILE as well")->type_name("FILE");
  auto* apply =
      app.add_flag("--apply", o.apply, "Bring the result into the working tree (the default)");
  auto* keep = app.add_flag("--no-apply", o.no_apply, "Keep it in the run, for `mixagent apply`")
                   ->excludes(apply);
  app.add_option("--branch", o.branch,
                 "Commit the result on a new branch; tree, index and HEAD stay as they are")
      ->type_name("NAME")
      ->excludes(apply)
      ->excludes(keep);
  app.add_flag("--commit", o.commit, "Apply the result and commit it on top of HEAD")
      ->excludes(keep);
  app.add_option("--patch", o.patch_file, "Write the result as a patch instead of applying it")
      ->type_name("FILE");
  app.add_option("--require", o.require,
                 "Least verification that counts: full, partial or none (default: partial, on a "
                 "terminal none)")
      ->type_name("LEVEL");
  app.add_option("--run-dir", o.run_directory, "Where the run lives")->type_name("DIR");
  app.add_option("--summary-md", o.summary_file, "Write a summary for a pull request to FILE")
      ->type_name("FILE");
  app.add_flag("-y,--yes", o.yes, "Do not ask before applying");
}

void CommandLine::declare_run() {
  CLI::App& app = command(
      "run", "Turn a goal into a verified change of this repository",
      "  mixagent run \"add pagination to the API\"\n"
      "  mixagent run \"fix the failing test\" --check \"pytest -q\" --max-budget-usd 0.50\n"
      "  mixagent run -f task.md --output-format json --no-apply     (in a CI job)\n\n"
      "Exit status: 0 reached, 2 usage, 3 not reached (work kept), 4 money cap, 5 step cap, 6 a "
      "person\n"
      "must decide, 7 key missing or refused, 8 no sandbox, 75 quota, 124 timeout, 130/143 "
      "interrupted.");
  add_goal_flags(app, run_);
  add_run_flags(app, run_);
  add_delivery_flags(app, run_);
  RunOptions& o = run_.options;
  app.add_option("--plan", o.plan_file, "Carry out a plan that `mixagent plan -o FILE` wrote")
      ->type_name("FILE");
  app.add_option("--lane", o.lane, "auto, solo (one worker first) or plan (the planner first)")
      ->type_name("LANE");
  app.add_flag("--dry-run", o.dry_run, "Plan and price only");
  app.add_option("--sandbox", run_.sandbox,
                 "full, reduced, external (this machine is a throw-away one) or none")
      ->type_name("LEVEL");
  app.add_flag("--no-review", o.no_review, "Leave out the reviewer");
  app.callback([this] {
    chosen_ = [this] {
      auto options = finish(run_);
      return options ? cmd_run(*options, context_) : report_error(options.error(), context_);
    };
  });
}

void CommandLine::declare_plan() {
  CLI::App& app = command("plan", "Only plan a goal, and print the plan",
                          "  mixagent plan \"add pagination to the API\" -o plan.json\n  mixagent "
                          "run --plan plan.json");
  add_goal_flags(app, plan_);
  add_run_flags(app, plan_);
  plan_.options.lane = "plan";
  app.add_option("-o", plan_out_, "Write the plan to FILE")->type_name("FILE");
  app.callback([this] {
    chosen_ = [this] {
      auto options = finish(plan_);
      return options ? cmd_plan({*options, plan_out_}, context_)
                     : report_error(options.error(), context_);
    };
  });
}

void CommandLine::declare_resume() {
  CLI::App& app = command("resume", "Go on with a run that was stopped, killed, or out of money",
                          "  mixagent resume                          (the newest run)\n  mixagent "
                          "resume 20261124 --max-budget-usd 5");
  app.add_option("RUN", resume_.options.run,
                 "A run, its unique beginning, or its directory (default: the newest)");
  app.add_flag("--last", resume_.last, "The newest run");
  add_run_flags(app, resume_);
  add_delivery_flags(app, resume_);
  resume_.options.resume = true;
  app.callback([this] {
    chosen_ = [this] {
      auto options = finish(resume_);
      return options ? cmd_run(*options, context_) : report_error(options.error(), context_);
    };
  });
}

void CommandLine::declare_deliver() {
  CLI::App& apply = command("apply", "Bring a run's kept result into the working tree",
                            "  mixagent apply\n  mixagent apply 20261124-151200-k3f9 --verified");
  apply.add_option("RUN", apply_.run, "A run, or its unique beginning (default: the newest)");
  apply.add_flag("--verified", apply_.verified_only,
                 "Of a run that failed: the steps that were accepted");
  apply.callback([this] {
    chosen_ = [this] {
      apply_.directory = directory();
      apply_.config = config_flags();
      return cmd_apply(apply_, context_);
    };
  });

  CLI::App& undo = command("undo", "Take an applied run back, exactly",
                           "  mixagent undo\n  mixagent undo 20261124-151200-k3f9");
  undo.add_option("RUN", apply_.run, "A run, or its unique beginning (default: the newest)");
  undo.callback([this] {
    chosen_ = [this] {
      apply_.directory = directory();
      apply_.config = config_flags();
      return cmd_undo(apply_, context_);
    };
  });
}

void CommandLine::declare_sandbox() {
  CLI::App& app = command(
      "sandbox", "Run one command as a worker's step would, in a throw-away copy",
      "  mixagent sandbox -- make test\n"
      "  mixagent sandbox --timeout 60 --apply -- bash -c 'npm run format'\n\n"
      "Exit status: the command's own, 124 at the timeout, 137 killed by a limit, 8 no sandbox.");
  app.add_option("--timeout", sandbox_timeout_, "Stop after 90s, 30m or 2h")->type_name("TIME");
  app.add_option("--memory-mb", sandbox_memory_mb_, "Memory of all its processes")->type_name("N");
  app.add_option("--disk-mb", sandbox_disk_mb_, "What it may write")->type_name("N");
  app.add_option("--sandbox", sandbox_level_,
                 "full, reduced, external (this machine is a throw-away one) or none")
      ->type_name("LEVEL");
  app.add_flag("--apply", sandbox_.apply, "Bring what it changed into the working tree");
  app.add_option("--report", sandbox_.report, "Write a line a changed or refused path to FILE")
      ->type_name("FILE");
  app.add_option("--flags", sandbox_.flags, "Write the paths that run by themselves to FILE")
      ->type_name("FILE");
  app.callback([this] {
    chosen_ = [this] {
      sandbox_.directory = directory();
      sandbox_.config = config_flags();
      auto flag = [&](const char* name, const char* key, const std::string& value) {
        sandbox_.config.flags.push_back({name, key, value});
      };
      if (!sandbox_level_.empty()) flag("--sandbox", "sandbox.isolation", sandbox_level_);
      if (sandbox_memory_mb_ != 0)
        flag("--memory-mb", "sandbox.memory_mb", std::to_string(sandbox_memory_mb_));
      if (sandbox_disk_mb_ != 0)
        flag("--disk-mb", "sandbox.disk_mb", std::to_string(sandbox_disk_mb_));
      if (!sandbox_timeout_.empty()) {
        const auto seconds = parse_duration(sandbox_timeout_);
        if (!seconds) return report_error(seconds.error(), context_);
        sandbox_.timeout_s = static_cast<int>(std::min<std::int64_t>(*seconds, 86'400));
      }
      return cmd_sandbox(sandbox_, context_);
    };
  });
}

void CommandLine::declare_money() {
  CLI::App& cost = command("cost", "What a run cost, or all runs against the caps",
                           "  mixagent cost                  (today, this month, last runs)\n"
                           "  mixagent cost 20261124-151200-k3f9");
  cost.add_option("RUN", cost_.run, "A run, or its unique beginning (default: all runs)");
  cost.add_flag("--json", cost_.json, "As JSON");
  cost.callback([this] {
    chosen_ = [this] {
      context_.cwd = cost_.directory = directory();
      cost_.config = config_flags();
      return cmd_cost(cost_, context_);
    };
  });

  CLI::App& stats = command("stats", "Who solved what for how much, over all runs",
                            "  mixagent stats                 (by seat and model: for choosing "
                            "seats)\n  mixagent stats --by repository --days 30");
  stats
      .add_option("--by", stats_.by,
                  "seat+model, seat, model, provider, action, repository, user, day or step")
      ->type_name("WHAT");
  stats.add_option("--days", stats_.days, "Only the last N days")->type_name("N");
  stats.add_flag("--rebuild", stats_.rebuild, "Read every journal anew");
  stats.add_flag("--json", stats_.json, "As JSON");
  stats.callback([this] { chosen_ = [this] { return cmd_stats(stats_, context_); }; });

  CLI::App& report = command("report", "A run as one document in Markdown",
                             "  mixagent report                (the newest run)\n  mixagent report "
                             "20261124-151200-k3f9 -o report.md");
  report.add_option("RUN", report_.run, "A run, or its unique beginning (default: the newest)");
  report.add_option("-o", report_.out_file, "Write it to FILE")->type_name("FILE");
  report.add_flag("--json", report_.json, "The same facts as JSON");
  report.callback([this] {
    chosen_ = [this] {
      report_.directory = directory();
      return cmd_report(report_, context_);
    };
  });
}

void CommandLine::declare_setup() {
  CLI::App& init = command("init", "Write a commented mixagent.toml for this repository",
                           "  mixagent init\n  mixagent init --force");
  init.add_flag("--force", init_.force, "Replace an existing one");
  init.callback([this] {
    chosen_ = [this] {
      context_.cwd = directory();
      init_.config = config_flags();
      return cmd_init(init_, context_);
    };
  });

  CLI::App& doctor = command("doctor", "Say what works here: git, sandbox, keys, seats",
                             "  mixagent doctor\n  mixagent doctor --offline");
  doctor.add_flag("--offline", doctor_.offline, "No call to any model");
  doctor.callback([this] {
    chosen_ = [this] {
      context_.cwd = directory();
      doctor_.config = config_flags();
      doctor_.processes = &processes_;
      doctor_.connect = [this](const Config& config) {
        return connect_models(config.lineup, context_.env, processes_, clock_, random_);
      };
      doctor_.sandbox_lines = [this] { return sandbox_lines(context_, processes_); };
      return cmd_doctor(doctor_, context_);
    };
  });

  CLI::App& config =
      command("config", "Show the effective configuration",
              "  mixagent config --show-origin\n  mixagent config budget\n  mixagent config trust  "
              "       (let this folder's mixagent.toml loosen things)");
  config.add_option("KEY", config_.key,
                    "A key or its beginning; `trust` trusts this folder's mixagent.toml, `untrust` "
                    "takes that back");
  config.add_flag("--show-origin", config_.show_origin, "Where each value came from");
  config.callback([this] {
    chosen_ = [this] {
      context_.cwd = directory();
      config_.config = config_flags();
      config_.trust = config_.key == "trust";
      config_.untrust = config_.key == "untrust";
      if (config_.trust || config_.untrust) config_.key.clear();
      return cmd_config(config_, context_);
    };
  });

  CLI::App& models =
      command("models", "List models, prices and who can be reached",
              "  mixagent models\n  mixagent models deepseek\n  mixagent models --all");
  models.add_option("FILTER", models_.filter, "Part of a name, family or provider");
  models.add_flag("--all", models_.all, "Also those without a key, and all that providers list");
  models.add_flag("--refresh", models_.refresh,
                  "Ask the providers, although their lists are young");
  models.add_flag("--offline", models_.offline, "Ask nobody: show the lists at hand");
  models.add_flag("--drift", models_.drift, "Do models still count tokens as they used to?");
  models.callback([this] {
    chosen_ = [this] {
      context_.cwd = directory();
      models_.config = config_flags();
      models_.fetch = [this](const Provider& provider) {
        return list_models(provider, context_.env, processes_);
      };
      models_.samples = [this] { return token_samples(context_, clock_); };
      return cmd_models(models_, context_);
    };
  });

  CLI::App& seats =
      command("seats", "Show who sits where",
              "  mixagent seats\n  mixagent seats -c 'seats.reviewer.model=\"openai/gpt-5.4\"'");
  seats.callback([this] {
    chosen_ = [this] {
      context_.cwd = directory();
      seats_.config = config_flags();
      return cmd_seats(seats_, context_);
    };
  });
}

void CommandLine::declare() {
  app_.name("mixagent");
  app_.set_version_flag("--version", std::string("mixagent ") + MIXAGENT_VERSION);
  app_.require_subcommand(1);
  app_.fallthrough();
  app_.footer(
      "Start with `mixagent init`, then `mixagent doctor`, then `mixagent run \"GOAL\"`. Each "
      "command has --help.");
  add_globals(app_);
  declare_run();
  declare_plan();
  declare_resume();
  declare_looks({[this](const auto& name, const auto& about, const auto& example) -> CLI::App& {
                   return command(name, about, example);
                 },
                 [this] { return directory(); }, context_, chosen_});
  declare_deliver();
  declare_sandbox();
  declare_money();
  declare_setup();
}

ConfigFlags CommandLine::config_flags() const {
  ConfigFlags flags;
  flags.overrides = globals_.overrides;
  return flags;
}

// Flags that are short for configuration keys become values of the highest layer.
Result<RunOptions> CommandLine::finish(RunFlags& flags) {
  RunOptions& o = flags.options;
  o.directory = directory();
  o.config = config_flags();
  o.config.seats = flags.seats;
  o.config.allow_unpriced = flags.allow_unpriced;
  if (!flags.budget.empty()) {
    MIX_OK(parse_usd(flags.budget));
    o.config.flags.push_back({"--max-budget-usd", "budget.run_usd", flags.budget});
  }
  if (flags.jobs > 0) o.config.flags.push_back({"--jobs", "run.jobs", std::to_string(flags.jobs)});
  if (!flags.sandbox.empty())
    o.config.flags.push_back({"--sandbox", "sandbox.isolation", flags.sandbox});
  if (!flags.timeout.empty()) {
    MIX_TRY(o.timeout_s, parse_duration(flags.timeout));
  }
  o.verbosity = globals_.quiet ? -1 : globals_.verbose;
  o.log_level = globals_.verbose > 1 ? globals_.verbose - 1 : 0;
  const auto names = enum_names(OutputFormat{});
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == flags.format) {
      o.format = static_cast<OutputFormat>(i);
      return o;
    }
  }
  return fail(ErrorCode::usage, "'" + flags.format + "' is none of text, json, stream-json",
              "--output-format");
}

std::vector<std::string> CommandLine::command_names() const {
  std::vector<std::string> names;
  for (const CLI::App* sub : app_.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  return names;
}

bool CommandLine::is_command(const std::string& word) const {
  const auto names = command_names();
  return std::find(names.begin(), names.end(), word) != names.end();
}

int CommandLine::no_such_command(const std::string& word) {
  const std::vector<std::string> names = command_names();
  const std::string guess = nearest(word, names);
  context_.err << "mixagent: there is no command '" << escape_terminal_line(word) << "'"
               << (guess.empty() ? "" : " (did you mean " + guess + "?)") << "; there are "
               << join(names, ", ") << "\nA goal is given as: mixagent run \"GOAL\"\n";
  return 2;
}

// The words of another program's command line are not ours to read.
int CommandLine::cut_at_dashes(int argc, const char* const* argv) {
  int i = 1;
  while (i < argc && !is_command(argv[i])) ++i;
  if (i == argc || std::string_view(argv[i]) != "sandbox") return argc;
  while (i < argc && std::string_view(argv[i]) != "--") ++i;
  if (i < argc) sandbox_.words.assign(argv + i + 1, argv + argc);
  return i;
}

int CommandLine::parse(int argc, const char* const* argv) {
  argc = cut_at_dashes(argc, argv);
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0)
      return app_.exit(error, context_.out, context_.err);  // --help, --version
    const CLI::App* at = &app_;
    for (const CLI::App* sub : app_.get_subcommands()) at = sub;
    if (at == &app_ && argc > 1 && argv[1][0] != '-' && !is_command(argv[1]))
      return no_such_command(argv[1]);
    context_.err << "mixagent: " << escape_terminal_line(error.what()) << "\nTry `mixagent "
                 << (at == &app_ ? "" : at->get_name() + " ") << "--help`.\n";
    return 2;
  }
  const auto modes = enum_names(ColorMode{});
  for (std::size_t i = 0; i < modes.size(); ++i) {
    if (modes[i] == globals_.color) {
      context_.color = wants_color(static_cast<ColorMode>(i), Stream::out);
      return chosen_();
    }
  }
  context_.err << "mixagent: --color takes auto, always or never\n";
  return 2;
}

}  // namespace

int run_command_line(int argc, const char* const* argv, CliContext& context) {
  CommandLine line(context);
  return line.parse(argc, argv);
}

}  // namespace mixagent
