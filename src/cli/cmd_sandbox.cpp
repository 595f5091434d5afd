#include "base/text.h"
#include "cli/commands.h"
#include "cli/wiring.h"
#include "core/gates.h"
#include "engine/finish.h"
#include "journal/run_index.h"
#include "system/signals.h"

#include <chrono>
#include <fstream>
#include <ostream>

namespace mixagent {

namespace {

// Words for `bash -c`, each as it was given.
std::string shell_line(const std::vector<std::string>& words) {
  std::string line = "exec";
  for (const std::string& word : words) line += " '" + replace_all(word, "'", "'\\''") + "'";
  return line;
}

Result<void> write_lines(const std::string& path, const std::vector<std::string>& lines) {
  if (path.empty()) return {};
  std::ofstream file(path, std::ios::binary);
  for (const std::string& line : lines) file << line << "\n";
  file.flush();
  if (!file) return fail(ErrorCode::io, "cannot be written", path, "choose another place");
  return {};
}

const char* kind_of(const FileChange& file) {
  if (!file.before) return "created ";
  return file.after ? "changed " : "deleted ";
}

class SandboxCommandLine {
 public:
  SandboxCommandLine(const SandboxRunOptions& options, CliContext& context)
      : options_(options), context_(context) {}

  Result<int> go() {
    if (options_.words.empty())
      return fail(ErrorCode::usage, "no command is given", "sandbox",
                  "write it after two dashes: mixagent sandbox -- make test");
    MIX_TRY(const std::filesystem::path root, need_repository(options_.directory));
    MIX_TRY(const ConfigSources sources, gather_sources(context_, root, options_.config));
    MIX_TRY(const LoadedConfig loaded, load_config(sources, false));
    const Places places = places_for(context_, root);
    const std::string id = "sandbox-" + new_run_id(clock_, random_).text;
    // What the command leaves is kept only as long as this takes.
    MIX_TRY(machine_, build_workshop(context_, places, loaded.config, places.cache / "work" / id));
    say_isolation(loaded.config.sandbox.isolation);
    MIX_TRY(const Snapshot snapshot, machine_->workspaces->snapshot());
    MIX_TRY(const auto workspace, machine_->workspaces->open(snapshot.tree));
    MIX_TRY(const int code, run_in(*workspace, root, loaded.config.sandbox));
    MIX_OK(bring_back(*workspace));
    return code;
  }

 private:
  void say_isolation(Isolation isolation) {
    if (isolation != Isolation::full)
      context_.err << "isolation: " << enum_names(isolation)[static_cast<std::size_t>(isolation)]
                   << ", weaker than full\n";
  }

  Result<int> run_in(const Workspace& workspace, const std::filesystem::path& root,
                     const SandboxConfig& config) {
    SandboxCommand command;
    command.command = shell_line(options_.words);
    command.workspace = workspace.directory();
    command.overlays = workspace.overlays();
    command.mounted_at = root;
    const auto below = options_.directory.lexically_relative(root);
    if (!below.empty() && *below.begin() != "..") command.cwd = below.string();
    command.timeout =
        std::chrono::seconds(options_.timeout_s > 0 ? options_.timeout_s : config.timeout_s);
    std::stop_source stop;
    const SignalStop signals(stop);
    const auto result = machine_->sandbox->run(command, Cancel{stop.get_token(), {}});
    if (!result && result.error().code == ErrorCode::cancelled) return 128 + signals.signal();
    if (!result) return fail(result.error());
    context_.out << escape_terminal(result->output);
    context_.out.flush();
    if (result->timed_out)
      context_.err << "stopped after " << command.timeout.count() / 1000 << " s\n";
    return result->exit_code;
  }

  // The same collection, rules and delivery as of a run's step.
  Result<void> bring_back(Workspace& workspace) {
    if (!options_.apply && options_.report.empty() && options_.flags.empty()) return {};
    MIX_TRY(const Collected collected, workspace.collect());
    std::vector<std::string> report, flags;
    for (const FileChange& file : collected.change.files) {
      const std::string path = escape_terminal_line(file.path);
      report.push_back(kind_of(file) + path);
      if (file.after && runs_by_itself(file.path)) flags.push_back(path);
    }
    for (const Refusal& refusal : collected.refusals)
      report.push_back("refused " + escape_terminal_line(refusal.path) + ": " + refusal.why);
    MIX_OK(write_lines(options_.report, report));
    MIX_OK(write_lines(options_.flags, flags));
    if (!options_.apply || collected.change.empty()) return {};
    MIX_TRY(const Delivery done,
            machine_->workspaces->deliver(collected.change, [] { return Result<void>(); }));
    if (done.conflicts.empty()) return {};
    return fail(ErrorCode::conflict,
                "changed by you while the command ran: " + join(done.conflicts, ", ") +
                    "; nothing was written",
                options_.directory.string(), "run it again on what you have now");
  }

  const SandboxRunOptions& options_;
  CliContext& context_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<Machine> machine_;
};

}  // namespace

int cmd_sandbox(const SandboxRunOptions& options, CliContext& context) {
  const auto code = SandboxCommandLine(options, context).go();
  return code ? *code : report_error(code.error(), context);
}

}  // namespace mixagent
