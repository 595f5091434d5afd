#include "sandbox/probe.h"

#include "base/text.h"
#include "sandbox/launch.h"
#include "sandbox/remedy.h"
#include "system/files.h"

#include <algorithm>
#include <map>
#include <unistd.h>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

// An empty workspace that the sandbox's user owns, with a file beside it that no command may read.
class TrialFolder {
 public:
  static Result<std::unique_ptr<TrialFolder>> make(const fs::path& cache,
                                                   std::optional<unsigned> owner) {
    MIX_OK(make_directories(cache));
    std::string path = (cache / "trial-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr)
      return fail(ErrorCode::io, "no folder can be made", path, "check free space and permissions");
    auto folder = std::unique_ptr<TrialFolder>(new TrialFolder(path));
    MIX_OK(make_directories(folder->workspace()));
    MIX_OK(write_quickly(folder->canary(), "canary\n", 0644));
    for (const fs::path& owned : {fs::path(path), folder->workspace()})
      if (owner && chown(owned.c_str(), *owner, *owner) != 0)
        return fail(ErrorCode::sandbox, "cannot be given to the private user", owned.string());
    return folder;
  }
  ~TrialFolder() { (void)remove_tree(path_); }
  TrialFolder(const TrialFolder&) = delete;
  TrialFolder& operator=(const TrialFolder&) = delete;

  fs::path workspace() const { return path_ / "workspace"; }
  fs::path canary() const { return path_ / "canary"; }

 private:
  explicit TrialFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

Result<CommandResult> run_trial(Sandbox& sandbox, const SandboxOptions& options,
                                const std::string& script_for) {
  MIX_TRY(const auto folder, TrialFolder::make(options.cache, sandbox.uid()));
  SandboxCommand command;
  command.command = replace_all(script_for, "@CANARY@", folder->canary().string());
  command.workspace = folder->workspace();
  command.mounted_at = options.repository;
  command.timeout = std::chrono::milliseconds(20'000);
  return sandbox.run(command, {});
}

// Prints "name value" lines about what a command sees.
constexpr const char* look_around =
    "echo \"user $(id -u)\"\n"
    "cat '@CANARY@' >/dev/null 2>&1 && echo 'files seen' || echo 'files hidden'\n"
    "links=$(tail -n +3 /proc/net/dev 2>/dev/null | cut -d: -f1 | tr -d ' ' | grep -vx lo)\n"
    "echo \"network\" $links\n"
    "echo \"processes $(ls -d /proc/[0-9]* 2>/dev/null | wc -l)\"\n"
    "echo \"filter $(grep -s '^Seccomp:' /proc/self/status | tr -dc 0-9)\"\n"
    "echo \"privileges $(grep -s '^NoNewPrivs:' /proc/self/status | tr -dc 0-9)\"\n";

std::map<std::string, std::string> seen_inside(const std::string& output) {
  std::map<std::string, std::string> seen;
  for (const std::string& line : split_lines(output)) {
    const std::size_t space = line.find(' ');
    if (space != std::string::npos)
      seen[line.substr(0, space)] = std::string(trim(line.substr(space)));
  }
  return seen;
}

void add_walls(ProbeReport& report, Isolation isolation, std::map<std::string, std::string> seen) {
  auto wall = [&](const char* what, bool ok, const std::string& detail) {
    report.lines.push_back(
        {what, ok, detail,
         ok ? "" : "please report this; use --sandbox external until it is clear"});
  };
  if (isolation == Isolation::external || isolation == Isolation::none) {
    report.lines.push_back(
        {"isolation", true, "none of ours: whoever set it vouches for this machine", ""});
    return;
  }
  wall("files outside", seen["files"] == "hidden", seen["files"]);
  wall("user", seen["user"] != "0", "commands run as user " + seen["user"]);
  wall("system call filter", seen["filter"] == "2", seen["filter"] == "2" ? "in force" : "missing");
  wall("new privileges", seen["privileges"] == "1",
       seen["privileges"] == "1" ? "impossible" : "possible");
  if (isolation != Isolation::full) return;
  const bool network = !seen["network"].empty();
  wall("network", !network, network ? "reaches " + seen["network"] : "none but loopback");
  const long processes = std::atol(seen["processes"].c_str());
  wall("other processes", processes > 0 && processes < 16, std::to_string(processes) + " visible");
}

}  // namespace

bool ProbeReport::ok() const {
  return std::all_of(lines.begin(), lines.end(), [](const ProbeLine& line) { return line.ok; });
}

Result<void> try_out(Sandbox& sandbox, const SandboxOptions& options) {
  MIX_TRY(const CommandResult result, run_trial(sandbox, options, "true"));
  if (result.exit_code == 0) return {};
  return fail(explain_failure(options.config.isolation, result.output));
}

ProbeReport probe_sandbox(const SandboxOptions& options, Processes& processes) {
  ProbeReport report;
  const std::string level(
      enum_names(options.config.isolation)[static_cast<std::size_t>(options.config.isolation)]);
  auto broken = [&](const Error& error) {
    report.lines.push_back({"sandbox \"" + level + "\"", false, error.what, error.hint});
    return report;
  };
  const auto sandbox = make_untried_sandbox(options, processes);
  if (!sandbox) return broken(sandbox.error());
  const auto result = run_trial(**sandbox, options, look_around);
  if (!result) return broken(result.error());
  if (result->exit_code != 0)
    return broken(explain_failure(options.config.isolation, result->output));
  report.lines.push_back({"sandbox \"" + level + "\"", true,
                          "a command ran in " + std::to_string(result->ms) + " ms", ""});
  add_walls(report, options.config.isolation, seen_inside(result->output));
  return report;
}

}  // namespace mixagent
