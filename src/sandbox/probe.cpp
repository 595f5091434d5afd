#include "sandbox/probe.h"

#include "base/text.h"
#include "sandbox/cgroup.h"
#include "sandbox/launch.h"
#include "sandbox/remedy.h"
#include "system/files.h"

#include <algorithm>
#include <arpa/inet.h>
#include <map>
#include <netinet/in.h>
#include <sys/socket.h>
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

// On this machine's loopback; a command that is cut off cannot reach it.
class TrialListener {
 public:
  TrialListener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_.get(), plain, size) == 0 && listen(fd_.get(), 4) == 0 &&
        getsockname(fd_.get(), plain, &size) == 0)
      port_ = ntohs(address.sin_port);
  }
  int port() const { return port_; }

 private:
  Fd fd_;
  int port_ = 1;
};

// Prints "name value" lines about what a command can do and reach. Only words of the shell itself:
// this runs before every run.
constexpr const char* look_around =
    "echo x >here && read -r _ <here && echo 'workspace writable'\n"
    "read -r _ < <(echo x) && echo 'pipes work'\n"
    "echo \"user $UID\"\n"
    "{ read -r _ <'@CANARY@' && echo 'files seen' || echo 'files hidden'; } 2>/dev/null\n"
    "(exec 3<>/dev/tcp/127.0.0.1/@PORT@) 2>/dev/null && echo 'host reached' || echo 'host cut'\n"
    "links=\n"
    "while read -r name _; do case $name in lo:) ;; *:*) links+=\" ${name%%:*}\";; esac; done "
    "2>/dev/null </proc/net/dev\n"
    "echo \"network$links\"\n"
    "all=(/proc/[0-9]*); echo \"processes ${#all[@]}\"\n"
    "while read -r name value _; do case $name in Seccomp:) echo \"filter $value\";; "
    "NoNewPrivs:) echo \"privileges $value\";; esac; done 2>/dev/null </proc/self/status\n"
    "exit 0\n";

Result<CommandResult> run_trial(Sandbox& sandbox, const SandboxOptions& options) {
  MIX_TRY(const auto folder, TrialFolder::make(options.cache, sandbox.uid()));
  const TrialListener listener;
  SandboxCommand command;
  command.command = replace_all(look_around, "@CANARY@", folder->canary().string());
  command.command = replace_all(command.command, "@PORT@", std::to_string(listener.port()));
  command.workspace = folder->workspace();
  command.mounted_at = options.repository;
  command.timeout = std::chrono::milliseconds(20'000);
  return sandbox.run(command, {});
}

std::map<std::string, std::string> seen_inside(const std::string& output) {
  std::map<std::string, std::string> seen;
  for (const std::string& line : split_lines(output)) {
    const std::size_t space = std::min(line.find(' '), line.size());
    seen[line.substr(0, space)] = std::string(trim(line.substr(space)));
  }
  return seen;
}

std::vector<ProbeLine> walls_of(const SandboxConfig& config,
                                std::map<std::string, std::string> seen) {
  std::vector<ProbeLine> lines;
  auto wall = [&](const char* what, bool ok, const std::string& detail) {
    lines.push_back({what, ok, detail,
                     ok ? ""
                        : "this wall does not stand here: look at what /usr/bin/bwrap is, "
                          "update bubblewrap and the kernel"});
  };
  wall("workspace", seen["workspace"] == "writable" && seen["pipes"] == "work",
       seen["workspace"] == "writable" ? "writable" : "not writable");
  if (config.isolation == Isolation::external || config.isolation == Isolation::none) {
    lines.push_back(
        {"isolation", true, "none of ours: whoever set it vouches for this machine", ""});
    return lines;
  }
  wall("files outside", seen["files"] == "hidden", seen["files"]);
  wall("user", !seen["user"].empty() && seen["user"] != "0", "commands run as " + seen["user"]);
  wall("system call filter", seen["filter"] == "2", seen["filter"] == "2" ? "in force" : "missing");
  wall("new privileges", seen["privileges"] == "1",
       seen["privileges"] == "1" ? "impossible" : "possible");
  if (config.network == NetworkMode::host && config.isolation == Isolation::full) {
    lines.push_back({"network", true, "the host's, as configured", ""});
  } else {
    const bool links = config.isolation == Isolation::full && !seen["network"].empty();
    wall("network", seen["host"] == "cut" && !links,
         links                   ? "reaches " + seen["network"]
         : seen["host"] == "cut" ? "none but its own loopback"
                                 : "reaches this machine");
  }
  if (config.isolation != Isolation::full) return lines;
  const long processes = std::atol(seen["processes"].c_str());
  wall("other processes", processes > 0 && processes < 16, std::to_string(processes) + " visible");
  return lines;
}

// Not a wall: without them the init keeps the limits.
ProbeLine control_groups() {
  const auto groups = Cgroups::open_own();
  if (!groups) return {"control groups", true, "none may be made here; limits are watched", ""};
  if (!groups->make({}))
    return {"control groups", true, "none can be made below " + groups->folder(), ""};
  const std::string& kinds = groups->controllers();
  return {"control groups", true,
          "made below " + groups->folder() +
              (kinds.empty() ? ", no limits handed on; they are watched" : " for " + kinds),
          ""};
}

}  // namespace

bool ProbeReport::ok() const {
  return std::all_of(lines.begin(), lines.end(), [](const ProbeLine& line) { return line.ok; });
}

Result<void> try_out(Sandbox& sandbox, const SandboxOptions& options) {
  MIX_TRY(const CommandResult result, run_trial(sandbox, options));
  if (result.exit_code != 0) return fail(explain_failure(options.config.isolation, result.output));
  for (const ProbeLine& line : walls_of(options.config, seen_inside(result.output)))
    if (!line.ok)
      return fail(explain_failure(options.config.isolation,
                                  "wall \"" + line.what + "\" does not stand: " + line.detail));
  return {};
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
  const auto result = run_trial(**sandbox, options);
  if (!result) return broken(result.error());
  if (result->exit_code != 0)
    return broken(explain_failure(options.config.isolation, result->output));
  report.lines.push_back({"sandbox \"" + level + "\"", true,
                          "a command ran in " + std::to_string(result->ms) + " ms", ""});
  for (ProbeLine& line : walls_of(options.config, seen_inside(result->output)))
    report.lines.push_back(std::move(line));
  report.lines.push_back(control_groups());
  return report;
}

}  // namespace mixagent
