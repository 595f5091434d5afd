#include "sandbox/launch.h"

#include "base/text.h"
#include "sandbox/cgroup.h"
#include "sandbox/etc.h"
#include "sandbox/extract.h"
#include "sandbox/private_uid.h"
#include "sandbox/probe.h"
#include "sandbox/proxy.h"
#include "sandbox/remedy.h"
#include "sandbox/seccomp_filter.h"
#include "sandbox/throw_away.h"
#include "system/files.h"

#include <algorithm>
#include <atomic>
#include <sys/stat.h>
#include <unistd.h>

namespace mixagent {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr const char* bwrap_path = "/usr/bin/bwrap";
constexpr std::size_t longest_command = 120'000;  // the kernel takes 128 KB in one argument

// A folder of this run outside of the repository, for isolations that cannot give commands a
// private /tmp and home.
class Scratch {
 public:
  static Result<std::unique_ptr<Scratch>> make(std::optional<unsigned> owner) {
    std::string path = (fs::temp_directory_path() / "mixagent-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr)
      return fail(ErrorCode::io, "no temporary folder can be made", path,
                  "check TMPDIR and free space");
    auto scratch = std::unique_ptr<Scratch>(new Scratch(path));
    for (const std::string& folder : {path, scratch->home(), scratch->tmp()}) {
      if (folder != path) MIX_OK(make_directories(folder));
      if (owner && chown(folder.c_str(), *owner, *owner) != 0)
        return fail(ErrorCode::io, "cannot be given to the private user", folder);
    }
    return scratch;
  }
  ~Scratch() { (void)remove_tree(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string home() const { return path_ + "/home"; }
  std::string tmp() const { return path_ + "/tmp"; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// What the init said about a command.
struct Report {
  bool ready = false, timed_out = false;
  std::string limit, failed;
};

Report read_report(const std::string& text) {
  Report report;
  for (const std::string& line : split_lines(text)) {
    if (line == "ready") report.ready = true;
    if (line == "timeout") report.timed_out = true;
    if (line.rfind("limit ", 0) == 0) report.limit = line.substr(6);
    if (line.rfind("failed ", 0) == 0) report.failed = line;
  }
  return report;
}

CommandResult refuse(std::string why) {
  CommandResult result;
  result.exit_code = 126;
  result.output = "mixagent: " + std::move(why) + "\n";
  return result;
}

// A folder that is shown from the user's own tree is a mount: it can be emptied, not removed.
std::string about_live_folders(const SandboxCommand& command, const std::string& output) {
  std::string text;
  if (output.find("esource busy") == std::string::npos) return text;
  for (const Overlay& overlay : command.overlays)
    if (!overlay.at.empty() && output.find(overlay.at) != std::string::npos)
      text += "\n[" + overlay.at + std::string(live_folder_stays) + ", what is in it can: find " +
              overlay.at + " -mindepth 1 -delete]\n";
  return text;
}

// The private user has to get through our own folders to the workspace; without a mount view there
// is no other way in.
void open_the_way(const fs::path& cache, const fs::path& workspace) {
  for (fs::path folder = workspace.parent_path(); at_or_below(folder.string(), cache.string());
       folder = folder.parent_path()) {
    struct stat status {};
    if (stat(folder.c_str(), &status) != 0 ||
        chmod(folder.c_str(), (status.st_mode & 07777) | 0111) != 0)
      return;
  }
}

// Without layers: read-only, their tools would fail.
void hide_private_caches(Policy& policy) {
  const auto hidden = std::move(policy.throw_away);
  policy.throw_away.clear();
  auto& extra = policy.extra;
  extra.erase(std::remove_if(extra.begin(), extra.end(),
                             [&](const Bind& bind) {
                               return std::find(hidden.begin(), hidden.end(), bind.target) !=
                                      hidden.end();
                             }),
              extra.end());
}

class CommandSandbox final : public Sandbox {
 public:
  struct Parts {
    Isolation isolation = Isolation::full;
    Policy policy;
    BwrapFeatures features;
    std::string init, filter;
    fs::path cache;
    std::unique_ptr<Scratch> scratch;  // reduced, external, none
    std::unique_ptr<Cgroups> cgroups;  // null where there are none to be had, or nothing in it
    fs::path work;                     // for downloads and the proxy, or empty
    ProxyOptions proxy;
  };
  CommandSandbox(Parts parts, Processes& processes)
      : parts_(std::move(parts)), processes_(processes) {}

  std::optional<unsigned> uid() const override { return parts_.policy.private_uid; }

  Result<CommandResult> run(const SandboxCommand& command, const Cancel& cancel) override {
    MIX_OK(check(command));
    if (command.command.size() > longest_command)
      return refuse("the command is longer than 120 KB; write it into a file and run that");
    if (command.command.find('\0') != std::string::npos)
      return refuse("the command holds a NUL byte");
    if (parts_.isolation == Isolation::reduced && parts_.policy.private_uid)
      open_the_way(parts_.cache, command.workspace);
    MIX_TRY(const View view, view_for(command));
    const auto group = parts_.cgroups ? parts_.cgroups->make(view.policy) : nullptr;
    auto exit = processes_.run(process_for(command, view, group.get()), cancel);
    if (!exit && exit.error().code == ErrorCode::cancelled) return fail(std::move(exit).error());
    if (!exit) return fail(explain_failure(parts_.isolation, describe(exit.error())));
    MIX_TRY(CommandResult result, interpret(*std::move(exit), group.get()));
    if (result.exit_code != 0) result.output += about_live_folders(command, result.output);
    if (view.proxy)
      for (const std::string& line : view.proxy->refused())
        result.output += "\n[network: " + line + "]\n";
    return result;
  }

 private:
  // The policy as this command gets it.
  struct View {
    Policy policy;
    std::unique_ptr<FilteringProxy> proxy;
    std::unique_ptr<ThrowAway> caches;
  };
  Result<View> view_for(const SandboxCommand& command) {
    View view{parts_.policy, nullptr, nullptr};
    if (command.overlays.empty() || parts_.work.empty()) hide_private_caches(view.policy);
    if (!view.policy.throw_away.empty()) {
      const auto folder = parts_.work / ("caches-" + std::to_string(++folders_));
      MIX_TRY(view.caches, ThrowAway::make(folder, view.policy));
    }
    if (parts_.isolation != Isolation::full || parts_.work.empty()) return view;
    const fs::path downloads = parts_.work / "downloads";
    const bool online = command.online && !view.policy.network && !parts_.proxy.allowed.empty();
    if (online) {
      const fs::path folder = parts_.work / ("proxy-" + std::to_string(++folders_));
      MIX_TRY(view.proxy, FilteringProxy::open(parts_.proxy, folder));
      view.policy.proxy = view.proxy->socket();
      for (const std::string& below : download_folders()) {
        MIX_OK(make_directories(downloads / below));
        if (const auto uid = view.policy.private_uid;
            uid && chown((downloads / below).c_str(), *uid, *uid) != 0)
          return fail(ErrorCode::io, "cannot be given to the private user", downloads / below);
      }
      for (const char* name :
           {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
            "npm_config_proxy", "npm_config_https_proxy", "PIP_PROXY", "CARGO_HTTP_PROXY"})
        view.policy.environment.emplace_back(name, "http://127.0.0.1:3128");
      for (const char* name : {"NO_PROXY", "no_proxy"})
        view.policy.environment.emplace_back(name, "localhost,127.0.0.1,::1");
      view.policy.environment.emplace_back(
          "JAVA_TOOL_OPTIONS",
          "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=3128 -Dhttps.proxyHost=127.0.0.1 "
          "-Dhttps.proxyPort=3128");
    }
    show_downloads(view.policy, downloads, online);
    return view;
  }

  Result<void> check(const SandboxCommand& command) const {
    const fs::path cwd(command.cwd);
    if (cwd.is_absolute() ||
        std::any_of(cwd.begin(), cwd.end(), [](const fs::path& part) { return part == ".."; }))
      return fail(ErrorCode::denied, "the working folder is outside of the repository", command.cwd,
                  "give a path relative to the repository's root");
    if (!command.workspace.is_absolute() || !folder_exists(command.workspace))
      return fail(ErrorCode::io, "the workspace is not there (an absolute path is needed)",
                  command.workspace.string());
    std::error_code error;
    if (fs::weakly_canonical(command.mounted_at, error) != fs::path(parts_.policy.repository))
      return fail(ErrorCode::denied, "the sandbox was made for another repository",
                  command.mounted_at.string(), "make one for this repository");
    return {};
  }

  // RLIMIT_NPROC counts the user's processes on the whole machine, in a user namespace only those
  // of the namespace.
  long process_limit() const {
    const Policy& policy = parts_.policy;
    if (policy.processes == 0) return 0;
    if (parts_.isolation == Isolation::full && !policy.private_uid) return policy.processes;
    if (parts_.isolation == Isolation::external || parts_.isolation == Isolation::none) return 0;
    // One command must not use up what the others beside it need: the init counts each one's own.
    return 2L * policy.processes + count_processes_of(policy.private_uid.value_or(policy.uid));
  }

  Command process_for(const SandboxCommand& command, const View& view,
                      const CgroupLeaf* group) const {
    Command process;
    process.argv = {parts_.init, "--parent", std::to_string(getpid())};
    if (group != nullptr) process.argv.insert(process.argv.end(), {"--cgroup", group->path()});
    if (parts_.isolation == Isolation::full)
      add_bwrap(process, command, view);
    else
      add_bare(process, command);
    process.cwd = "/";
    process.env = view.policy.environment;
    for (const auto& variable : command.env) {
      auto same = [&](const auto& other) { return other.first == variable.first; };
      process.env.erase(std::remove_if(process.env.begin(), process.env.end(), same),
                        process.env.end());
      process.env.push_back(variable);
    }
    process.merge_stderr = true;
    process.report_fd = report_fd;
    // The init keeps the time; this is for the case that it cannot.
    process.timeout = command.timeout + milliseconds(10'000);
    return process;
  }

  void add_bwrap(Command& process, const SandboxCommand& command, const View& view) const {
    Launch launch =
        bwrap_launch(view.policy, parts_.features, parts_.init, command, process_limit());
    process.argv.push_back("--keep-fds");
    add_overlays(process, command, view);
    process.argv.push_back("--");
    process.argv.insert(process.argv.end(), launch.argv.begin(), launch.argv.end());
    process.extra_fds = std::move(launch.files);
    process.extra_fds.emplace_back(filter_fd, parts_.filter);
  }

  // Mounted by the init outside: bubblewrap finds a folder like any other and mounts nothing below
  // it.
  void add_overlays(Command& process, const SandboxCommand& command, const View& view) const {
    if (command.overlays.empty()) return;
    auto add = [&](const fs::path& root, const Overlay& overlay) {
      process.argv.insert(
          process.argv.end(),
          {"--overlay-root", root.string(), "--overlay-at", overlay.at, "--overlay-lower",
           overlay.lower.string(), "--overlay-scratch", overlay.scratch.string()});
    };
    for (const Overlay& overlay : command.overlays) add(command.workspace, overlay);
    if (view.caches)
      for (const Overlay& overlay : view.caches->overlays())
        add(overlay.scratch / "merged", overlay);
    if (const auto uid = parts_.policy.private_uid)
      process.argv.insert(process.argv.end(), {"--overlay-uid", std::to_string(*uid)});
  }

  void add_bare(Command& process, const SandboxCommand& command) const {
    auto& argv = process.argv;
    auto add = [&](std::initializer_list<std::string> more) { argv.insert(argv.end(), more); };
    const auto limits =
        limit_options(parts_.policy, command, process_limit(), command.workspace.string());
    argv.insert(argv.end(), limits.begin(), limits.end());
    if (parts_.isolation == Isolation::reduced) {
      process.extra_fds.emplace_back(filter_fd, parts_.filter);
      add({"--seccomp", std::to_string(filter_fd)});
      if (const auto uid = parts_.policy.private_uid) add({"--uid", std::to_string(*uid)});
      const auto rules = bare_landlock_options(parts_.policy);
      argv.insert(argv.end(), rules.begin(), rules.end());
      for (const std::string& path :
           {command.workspace.string(), parts_.scratch->home(), parts_.scratch->tmp()})
        add({"--write", path});
    }
    add({"--cwd", (command.workspace / command.cwd).lexically_normal().string()});
    add({"--", "/bin/bash", "-c", command.command});
  }

  Result<CommandResult> interpret(Exit exit, const CgroupLeaf* group) const {
    const Report report = read_report(exit.report);
    if (exit.cancelled) return fail(ErrorCode::cancelled, "the command was stopped", "sandbox");
    if (!report.ready || !report.failed.empty())
      return fail(explain_failure(parts_.isolation, report.failed + " " + exit.out));
    CommandResult result;
    result.output = std::move(exit.out);
    result.dropped = exit.dropped;
    result.ms = exit.wall_ms;
    result.exit_code = exit.code;
    result.timed_out = report.timed_out || exit.timed_out;
    if (result.timed_out) result.exit_code = 124;
    std::string limit = exit.flooded ? "more than 256 MB of output" : report.limit;
    if (limit.empty() && group != nullptr && group->out_of_memory())
      limit = "more than " + std::to_string(parts_.policy.memory_mb) + " MB of memory";
    if (!limit.empty() && !result.timed_out) {
      result.killed = true;
      result.exit_code = 137;
      result.output += "\n[killed: " + limit + "]\n";
    }
    return result;
  }

  const Parts parts_;
  Processes& processes_;
  std::atomic<int> folders_{0};
};

// ---- what is there

Result<BwrapFeatures> find_bwrap(Processes& processes) {
  struct stat status {};
  if (stat(bwrap_path, &status) != 0)
    return fail(explain_failure(Isolation::full, std::string(bwrap_path) + ": no such program"));
  if ((status.st_mode & S_ISUID) != 0)
    return fail(explain_failure(Isolation::full, std::string(bwrap_path) + " is setuid root"));
  Command command;
  command.argv = {bwrap_path, "--version"};
  command.timeout = milliseconds(10'000);
  MIX_TRY(const Exit exit, processes.run(command, {}));
  if (const auto features = bwrap_features(exit.out)) return *features;
  return fail(explain_failure(Isolation::full,
                              "bubblewrap 0.5 or later is needed; this one says: " + exit.out));
}

void set_variable(Variables& environment, const std::string& name, const std::string& value) {
  for (auto& [key, old] : environment)
    if (key == name) old = value;
}

}  // namespace

Result<std::unique_ptr<Sandbox>> make_untried_sandbox(const SandboxOptions& options,
                                                      Processes& processes) {
  CommandSandbox::Parts parts;
  parts.isolation = options.config.isolation;
  parts.cache = options.cache;
  parts.work = options.work;
  MIX_TRY(parts.proxy.allowed, parse_allowed_hosts(options.config.allow_hosts));
  parts.proxy.only_public = options.only_public;
  MIX_TRY(parts.policy, make_policy(options));
  MIX_TRY(parts.init, extract_init(options.cache));
  if (parts.isolation == Isolation::full) {
    MIX_TRY(parts.features, find_bwrap(processes));
    MIX_TRY(parts.filter, seccomp_filter({}));
    MIX_TRY(EtcFolder etc, prepare_etc(parts.policy.etc, options.cache));
    parts.policy.etc_folder = std::move(etc.path);
    auto& system = parts.policy.system;
    system.insert(system.end(), etc.large.begin(), etc.large.end());
  } else {
    if (parts.isolation == Isolation::reduced) {
      MIX_TRY(parts.filter, seccomp_filter({true}));
    }
    MIX_TRY(parts.scratch, Scratch::make(parts.policy.private_uid));
    set_variable(parts.policy.environment, "HOME", parts.scratch->home());
    set_variable(parts.policy.environment, "TMPDIR", parts.scratch->tmp());
    // Where the mount view would have put it, a workspace's git does not find it here.
    if (!parts.policy.objects.empty())
      parts.policy.environment.emplace_back("GIT_ALTERNATE_OBJECT_DIRECTORIES",
                                            parts.policy.objects);
  }
  parts.cgroups = Cgroups::open_own();
  // With a pid namespace the kernel's limits are all that a group adds.
  if (parts.cgroups && parts.isolation == Isolation::full && parts.cgroups->controllers().empty())
    parts.cgroups.reset();
  return std::make_unique<CommandSandbox>(std::move(parts), processes);
}

Result<std::unique_ptr<Sandbox>> make_sandbox(const SandboxOptions& options, Processes& processes) {
  MIX_TRY(auto sandbox, make_untried_sandbox(options, processes));
  MIX_OK(try_out(*sandbox, options));
  return sandbox;
}

}  // namespace mixagent
