#include "cli/options.h"

#include "base/text.h"
#include "cli/cmd_run.h"
#include "cli/goal_of.h"
#include "cli/options_looks.h"
#include "cli/options_setup.h"
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
  std::vector<std::string> sandbox_words_;  // what stands behind `sandbox --`
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
  const CommandFrame frame{
      [this](const auto& name, const auto& about, const auto& example) -> CLI::App& {
        return command(name, about, example);
      },
      [this] { return directory(); }, [this] { return config_flags(); }, context_, chosen_};
  declare_looks(frame);
  declare_deliver();
  declare_setup(frame, {processes_, clock_, random_, sandbox_words_});
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
  if (i < argc) sandbox_words_.assign(argv + i + 1, argv + argc);
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
