#include "cli/cmd_run.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/goal_of.h"
#include "cli/run_record.h"
#include "cli/wiring.h"
#include "core/codecs.h"
#include "engine/finish.h"
#include "engine/run.h"
#include "journal/run_index.h"
#include "system/signals.h"
#include "system/terminal.h"
#include "view/jsonl.h"
#include "view/progress.h"
#include "view/summary.h"

#include "mixagent/run_state.h"

#include <fmt/core.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

namespace mixagent {

namespace {

WriteBytes standard_output(CliContext& context) {
  return [&context](std::string_view bytes) {
    context.out << bytes;
    context.out.flush();
  };
}

// A run that ended before it began still prints its one result line.
int refuse(const Error& error, const RunOptions& options, CliContext& context) {
  const std::string subtype = subtype_of(error);
  if (options.format != OutputFormat::text || !options.result_file.empty()) {
    RunResult result;
    result.subtype = subtype;
    result.exit_code = exit_code_of(subtype);
    result.goal = options.goal;
    result.error = ResultError{to_string(error.code), describe(error)};
    if (options.format != OutputFormat::text) write_result_line(result, standard_output(context));
    if (!options.result_file.empty())
      std::ofstream(options.result_file) << encode_result(result) << "\n";
  }
  report_error(error, context);
  return exit_code_of(subtype);
}

// Empty where nobody says.
std::string login_name(const std::map<std::string, std::string>& env) {
  for (const char* name : {"USER", "LOGNAME"}) {
    if (const auto found = env.find(name); found != env.end()) return found->second;
  }
  return {};
}

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.flush();
  if (!file) return fail(ErrorCode::io, "cannot be written", path, "choose another place");
  return {};
}

class RunCommand {
 public:
  RunCommand(const RunOptions& options, CliContext& context)
      : options_(options), context_(context) {}

  Result<int> go() { return options_.resume ? go_on() : begin(); }

 private:
  Result<int> begin();
  Result<int> go_on();
  Result<RunRecord> record_of(const std::filesystem::path& directory);
  Result<void> finish_apply(const RunState& state, const Goal& goal);
  Result<int> carry_out(const Goal& goal);
  Result<void> write_outputs(const RunResult& result, const RunState& state);
  void say_why(const RunResult& result) const;
  ProgressOptions progress_options(const std::stop_token& stop) const;

  const RunOptions& options_;
  CliContext& context_;
  SystemClock clock_;
  SystemRandom random_;
  ProcessesPosix processes_;
  Places places_;
  LoadedConfig loaded_;
  std::unique_ptr<Machine> machine_;
  std::unique_ptr<JournalFile> journal_;
};

Result<int> RunCommand::begin() {
  MIX_OK(check_flags(options_));
  MIX_TRY(const std::filesystem::path root, need_repository(options_.directory));
  places_ = places_for(context_, root);
  RunRecord record;
  MIX_TRY(record.sources, gather_sources(context_, root, options_.config));
  MIX_TRY(loaded_, load_config(record.sources, true));
  record.review = loaded_.config.review.enabled =
      loaded_.config.review.enabled && !options_.no_review;
  MIX_TRY(record.goal, goal_of(options_, loaded_.config, root, context_, processes_));
  const Scrubber scrubber(secrets_of(context_.env, loaded_.config.lineup));
  record.goal.text = scrubber.scrub(record.goal.text);
  record.goal.user = login_name(context_.env);
  const RunId id = new_run_id(clock_, random_);
  const std::filesystem::path directory = options_.run_directory.empty()
                                              ? places_.runs / id.text
                                              : std::filesystem::absolute(options_.run_directory);
  MIX_TRY(machine_, build_machine(context_, places_, loaded_.config, directory));
  MIX_TRY(journal_,
          create_journal(directory, id, clock_, secrets_of(context_.env, loaded_.config.lineup)));
  MIX_TRY(const BlobId blob, journal_->put(encode_record(record, loaded_.config.lineup)));
  record.goal.record = blob.text;
  return carry_out(record.goal);
}

// The recorded goal and configuration; keys come from today's environment.
Result<RunRecord> RunCommand::record_of(const std::filesystem::path& directory) {
  MIX_TRY(const auto journal, open_journal(directory, clock_, {}));
  const RunState state = fold(journal->events());
  if (state.started.config.empty())
    return fail(ErrorCode::usage, "the run ended before it began", directory.string(),
                "start a new one");
  MIX_TRY(const std::string text, journal->get(BlobId{state.started.config}));
  MIX_TRY(RunRecord record, decode_record(text));
  for (const auto& [name, value] : context_.env) {
    if (name.rfind("MIXAGENT_", 0) != 0) record.sources.env[name] = value;
  }
  for (const auto& flag : options_.config.flags) record.sources.flags.push_back(flag);
  for (const std::string& line : options_.config.overrides)
    record.sources.overrides.push_back(line);
  return record;
}

Result<int> RunCommand::go_on() {
  std::filesystem::path directory = options_.run_directory;
  if (directory.empty() && options_.run.find('/') != std::string::npos) directory = options_.run;
  if (directory.empty()) {
    MIX_TRY(const std::filesystem::path root, need_repository(options_.directory));
    MIX_TRY(const RunPlace place, find_run(places_for(context_, root).runs, options_.run));
    directory = place.directory;
  }
  directory = std::filesystem::absolute(directory);
  MIX_TRY(RunRecord record, record_of(directory));
  MIX_TRY(loaded_, load_config(record.sources, true));
  loaded_.config.review.enabled = record.review;
  Goal& goal = record.goal;
  // Copied to another machine, the run goes on in the repository that it is called from.
  if (const auto here = need_repository(options_.directory);
      here && !std::filesystem::exists(goal.repository))
    goal.repository = *here;
  places_ = places_for(context_, goal.repository);
  MIX_OK(override_goal(options_, context_, goal));
  MIX_TRY(journal_,
          open_journal(directory, clock_, secrets_of(context_.env, loaded_.config.lineup)));
  const RunState state = fold(journal_->events());
  const std::string& how = state.result.subtype;
  if (state.completed && (how == "success" || how == "not_reached" || how == "usage")) {
    MIX_TRY(machine_, look_only(places_, loaded_.config, directory));
    MIX_OK(finish_apply(state, goal));
    MIX_OK(write_outputs(state.result, state));
    return state.result.exit_code;
  }
  MIX_TRY(machine_, build_machine(context_, places_, loaded_.config, directory));
  return carry_out(goal);
}

// `apply` was broken off while it renamed: the files go on to where they were going.
Result<void> RunCommand::finish_apply(const RunState& state, const Goal& goal) {
  const auto events = journal_->events();
  const ChangeApplied* last = nullptr;
  for (const Event& event : events) {
    if (const auto* applied = std::get_if<ChangeApplied>(&event.fact)) last = applied;
  }
  if (last == nullptr || last->how != "started") return {};
  MIX_TRY(const Tree before, machine_->workspaces->tree(TreeId{state.base_tree}));
  MIX_TRY(const Tree after, machine_->workspaces->tree(TreeId{last->tree}));
  MIX_OK(deliver_to_tree(*journal_, *machine_->workspaces, difference(before, after),
                         {"", last->tree, goal.repository.string(), last->files, {}}));
  return {};
}

ProgressOptions RunCommand::progress_options(const std::stop_token& stop) const {
  ProgressOptions progress;
  progress.verbosity = options_.verbosity < 0   ? Verbosity::quiet
                       : options_.verbosity > 0 ? Verbosity::verbose
                                                : Verbosity::normal;
  progress.color = context_.color;
  progress.live = is_terminal(Stream::err) && progress.verbosity != Verbosity::quiet &&
                  context_.env.count("CI") == 0;
  progress.can_ask = context_.interactive;
  progress.stop = stop;
  return progress;
}

Result<int> RunCommand::carry_out(const Goal& goal) {
  std::stop_source stop;
  const SignalStop signals(stop);
  Cancel cancel{stop.get_token(), {}};
  if (options_.timeout_s > 0)
    cancel.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(options_.timeout_s);

  Progress progress(progress_options(stop.get_token()), terminal_ports(), clock_);
  for (const std::string& note : loaded_.notes) progress.say(note);
  progress.replay_quietly(journal_->events());
  journal_->listen([&](const Event& event) { progress.on_event(event); });
  if (options_.format == OutputFormat::stream_json)
    journal_->listen(stream_json_listener(standard_output(context_)));

  Tools tools{loaded_.config,
              *machine_->prompts,
              *machine_->context,
              clock_,
              *journal_,
              *machine_->models,
              *machine_->sandbox,
              *machine_->workspaces,
              progress,
              *machine_->ledger,
              cancel,
              [&signals] { return signals.signal(); },
              machine_->ledger.get(),
              machine_->memory.get()};
  // What an earlier process held for this run is what its journal says by now.
  (void)machine_->ledger->record(journal_->events());
  const RunResult result = run(goal, tools);
  progress.close();

  const auto events = journal_->events();
  if (const auto recorded = machine_->ledger->record(events); !recorded) {
    context_.err << "note: " << escape_terminal_line(describe(recorded.error())) << "\n";
  }
  const RunState state = fold(events);
  // What was stored, not what was said: known secrets are out of it.
  MIX_OK(write_outputs(state.completed ? state.result : result, state));
  return result.exit_code;
}

Result<void> RunCommand::write_outputs(const RunResult& result, const RunState& state) {
  if (options_.format == OutputFormat::text) {
    context_.out << (options_.verbosity < 0 ? render_result_text(result)
                                            : render_summary(state, result, context_.color,
                                                             terminal_width(Stream::out)));
    context_.out.flush();
  } else {
    write_result_line(result, standard_output(context_));
    say_why(result);
  }
  if (!options_.result_file.empty())
    MIX_OK(write_file(options_.result_file, encode_result(result) + "\n"));
  if (!options_.summary_file.empty())
    MIX_OK(write_file(options_.summary_file, "# mixagent: " + result.goal + "\n\n```\n" +
                                                 render_summary(state, result, false, 100) +
                                                 "```\n"));
  if (!options_.patch_file.empty() && result.exit_code == 0) {
    MIX_TRY(const Tree before, machine_->workspaces->tree(TreeId{state.base_tree}));
    MIX_TRY(const Tree after, machine_->workspaces->tree(TreeId{
                                  state.head_tree.empty() ? state.base_tree : state.head_tree}));
    MIX_TRY(const std::string diff, machine_->workspaces->diff(difference(before, after)));
    MIX_OK(write_file(options_.patch_file, diff));
  }
  return {};
}

// The summary says it where people read standard output; beside a result for programs it stands on
// standard error.
void RunCommand::say_why(const RunResult& result) const {
  if (options_.verbosity < 0 || !result.error) return;
  context_.err << escape_terminal_line(result.subtype + ": " + result.error->message) << "\n";
  if (!result.resume.empty())
    context_.err << "go on with: " << escape_terminal_line(result.resume) << "\n";
}

// What `plan -o` wrote, from the journal of the run that planned.
Result<std::string> plan_document(const RunState& state) {
  Json document = Json::object();
  document["goal"] = state.started.goal;
  document["base"] = state.base_tree;
  MIX_TRY(document["plan"], parse_json(encode_plan(state.plan)));
  return dump_json_pretty(document) + "\n";
}

}  // namespace

int cmd_run(const RunOptions& options, CliContext& context) {
  log_open(options.log_level);
  RunCommand command(options, context);
  const auto code = command.go();
  return code ? *code : refuse(code.error(), options, context);
}

int cmd_plan(const PlanOptions& options, CliContext& context) {
  std::ostringstream summary;
  CliContext quiet{summary,     context.err,   context.env,
                   context.cwd, context.color, context.interactive};
  RunOptions run = options.run;
  run.dry_run = true;
  if (run.format == OutputFormat::text) {
    const int code = cmd_run(run, quiet);
    if (code != 0) {
      context.out << summary.str();
      return code;
    }
  } else if (const int code = cmd_run(run, context); code != 0) {
    return code;
  }
  const auto document = [&]() -> Result<std::string> {
    MIX_TRY(const std::filesystem::path root, need_repository(run.directory));
    MIX_TRY(const RunPlace place, find_run(places_for(context, root).runs, ""));
    MIX_TRY(const auto events, read_journal(place.directory));
    return plan_document(fold(events));
  }();
  if (!document) return report_error(document.error(), context);
  if (options.out_file.empty()) {
    if (run.format == OutputFormat::text) context.out << escape_terminal(*document);
    return 0;
  }
  if (const auto written = write_file(options.out_file, *document); !written)
    return report_error(written.error(), context);
  context.err << "plan written to " << options.out_file
              << "; carry it out with `mixagent run --plan " << options.out_file << "`\n";
  return 0;
}

}  // namespace mixagent
