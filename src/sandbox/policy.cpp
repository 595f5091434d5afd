#include "sandbox/policy.h"

#include "base/text.h"
#include "sandbox/etc.h"
#include "sandbox/private_uid.h"
#include "system/folders.h"

#include <algorithm>
#include <array>
#include <unistd.h>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

std::string expand_home(const std::string& path, const std::string& home) {
  if (path == "~") return home;
  return path.rfind("~/", 0) == 0 ? home + path.substr(1) : path;
}

// ---- places

// The workspace is the last mount and nothing may come below it, so it must not cover what others
// need.
Result<std::string> check_repository(const fs::path& repository) {
  const std::string path = real_path(repository);
  const std::array needed = {"/usr", "/etc", "/run/mixagent", "/proc", "/dev", "/bin", "/lib"};
  const std::array closed = {"/proc", "/dev", "/sys"};
  auto covers = [&](std::string_view other) { return at_or_below(other, path); };
  auto inside = [&](std::string_view other) { return at_or_below(path, other); };
  if (path.empty() || path[0] != '/' || std::any_of(needed.begin(), needed.end(), covers) ||
      std::any_of(closed.begin(), closed.end(), inside))
    return fail(ErrorCode::sandbox, "a repository at this place cannot be shown in the sandbox",
                path, "move it into an ordinary folder");
  return path;
}

// Where the home folder is not a place of its own, commands get one.
std::string inner_home(const fs::path& home) {
  const std::string path = real_path(home);
  const std::array bad = {"/usr", "/etc", "/proc", "/dev", "/sys",
                          "/run", "/bin", "/lib",  "/opt", "/var/run"};
  const bool usable = path.size() > 1 && path[0] == '/' && path != "/tmp" &&
                      std::none_of(bad.begin(), bad.end(),
                                   [&](std::string_view b) { return at_or_below(path, b); });
  return usable ? path : "/home/user";
}

void add_system(Policy& policy) {
  for (const char* folder : {"/usr", "/opt", "/nix", "/snap", "/gnu/store", "/home/linuxbrew"})
    if (exists(folder) && real_path(folder) == folder && !at_or_below(folder, policy.repository))
      policy.system.push_back({folder, folder});
  for (const char* name : {"bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
    const std::string path = std::string("/") + name;
    std::error_code error;
    if (fs::is_symlink(path, error))
      policy.links.emplace_back(fs::read_symlink(path, error).string(), path);
    else if (exists(path))
      policy.system.push_back({path, path});
  }
}

// ---- what the user added

struct Grant {
  const std::string& raw;
  const char* key;
  bool writable;
  std::string source, target;  // without links; as commands find it
};

// Whoever reaches one of these is root; a read-only mount does not keep anybody from talking.
constexpr std::array engine_sockets = {"docker.sock", "podman.sock",     "containerd.sock",
                                       "crio.sock",   "lxd/unix.socket", "incus/unix.socket"};

bool leads_out(const std::string& path) {
  auto is_engine = [](const std::string& socket) {
    return std::any_of(engine_sockets.begin(), engine_sockets.end(),
                       [&](const char* name) { return socket.find(name) != std::string::npos; });
  };
  std::error_code error;
  if (is_engine(path) || path == "/run") return true;
  if (!fs::is_directory(path, error)) return false;
  if (at_or_below(path, "/run")) return true;  // sockets of services come and go there
  return std::any_of(engine_sockets.begin(), engine_sockets.end(), [&](const fs::path& name) {
    const std::string last = path + "/" + name.filename().string();
    return (is_engine(last) && exists(last)) || exists(path + "/" + name.string());
  });
}

// This process starts programs from its own folders and believes what is written there; other runs'
// copies and journals lie there, too.
bool touches_own(const std::string& path, bool writable, const SandboxOptions& options) {
  const Environment env(options.environment.begin(), options.environment.end());
  std::vector<fs::path> own = {options.cache, options.work, cache_folder(env), state_folder(env)};
  if (writable) own.push_back(config_folder(env));
  return std::any_of(own.begin(), own.end(), [&](const fs::path& folder) {
    const std::string real = folder.empty() ? "" : real_path(folder);
    return !real.empty() && (at_or_below(real, path) || at_or_below(path, real));
  });
}

Result<void> check_grant(const Policy& policy, const SandboxOptions& options, const Grant& grant,
                         const std::string& path) {
  auto refuse = [&](const char* what, const char* remedy) {
    return fail(ErrorCode::config, "\"" + grant.raw + "\" " + what, grant.key, remedy);
  };
  if (leads_out(path))
    return refuse("leads out of any sandbox", "name the single sockets that commands need");
  if (touches_own(path, grant.writable, options))
    return refuse("holds mixagent's own files, or lies among them",
                  "name the single folders that commands need");
  auto holds = [&](const char* part) { return path.find(part) != std::string::npos; };
  const bool too_wide =
      at_or_below(real_path(options.home), path) || at_or_below(policy.repository, path);
  const bool secret = holds("/.ssh") || holds("/.gnupg");
  if (grant.writable &&
      (too_wide || secret || at_or_below("/usr", path) || at_or_below("/etc", path)))
    return refuse("may not be writable in the sandbox",
                  "name a folder that holds neither your home, the repository nor credentials");
  return {};
}

Result<void> add_grant(Policy& policy, const SandboxOptions& options, const Grant& grant) {
  if (grant.source.empty() || grant.source[0] != '/')
    return fail(ErrorCode::config, "\"" + grant.raw + "\" is not an absolute path", grant.key,
                "write it from / or from ~/");
  for (const auto& path : {grant.source, grant.target})
    MIX_OK(check_grant(policy, options, grant, path));
  if (!exists(grant.source)) return {};
  for (const auto& path : {grant.source, grant.target})
    if (at_or_below(path, policy.repository)) return {};
  for (const auto& path : {grant.source, grant.target})
    if (!may_mount(policy, path) && !at_or_below(path, "/run"))
      return fail(ErrorCode::config, "\"" + grant.raw + "\" cannot be shown in the sandbox",
                  grant.key, "name a folder below it");
  policy.extra.push_back({grant.source, grant.target, grant.writable});
  return {};
}

// Where a tool looks for its cache, which may be a link; the home folder as commands see it.
std::string cache_target(const std::string& raw, const SandboxOptions& options) {
  const std::string home = real_path(options.home);
  std::string path = fs::path(expand_home(raw, home)).lexically_normal().string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::string linked = options.home.lexically_normal().string();
  return linked.size() > 1 && at_or_below(path, linked) ? home + path.substr(linked.size()) : path;
}

Result<void> add_granted(Policy& policy, const SandboxOptions& options) {
  const std::string home = real_path(options.home);
  auto add = [&](const std::vector<std::string>& paths, bool writable,
                 const char* key) -> Result<void> {
    for (const std::string& raw : paths) {
      const std::string path = real_path(expand_home(raw, home));
      MIX_OK(add_grant(policy, options, {raw, key, writable, path, path}));
    }
    return {};
  };
  MIX_OK(add(options.config.read_only, false, "sandbox.read_only"));
  MIX_OK(add(options.config.writable, true, "sandbox.writable"));
  MIX_OK(add(options.config.unix_sockets, true, "sandbox.unix_sockets"));
  for (const auto& [raw, how] : options.config.cache) {
    const std::string target = cache_target(raw, options);
    const std::string source = real_path(expand_home(raw, home));
    MIX_OK(add_grant(policy, options, {raw, "sandbox.cache", how == "rw", source, target}));
    policy.named_caches.push_back(target);
    auto& private_ones = policy.throw_away;
    private_ones.erase(std::remove(private_ones.begin(), private_ones.end(), target),
                       private_ones.end());
    const bool shown = std::any_of(policy.extra.begin(), policy.extra.end(),
                                   [&](const Bind& bind) { return bind.target == target; });
    if (how == "private" && shown) private_ones.push_back(target);
  }
  return {};
}

void sort_extra(Policy& policy) {
  std::stable_sort(policy.extra.begin(), policy.extra.end(),
                   [](const Bind& a, const Bind& b) { return a.target < b.target; });
  // The same target twice: the later one was asked for by the user.
  std::vector<Bind> unique;
  for (const Bind& bind : policy.extra) {
    if (!unique.empty() && unique.back().target == bind.target) unique.pop_back();
    unique.push_back(bind);
  }
  policy.extra = std::move(unique);
}

}  // namespace

bool exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

std::string real_path(const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  std::string text = (error ? path.lexically_normal() : real).string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

bool visible(const Policy& policy, const std::string& path) {
  if (policy.whole_machine) return true;
  auto below = [&](const std::vector<Bind>& binds) {
    return std::any_of(binds.begin(), binds.end(),
                       [&](const Bind& bind) { return at_or_below(path, bind.target); });
  };
  const auto& links = policy.links;
  return at_or_below(path, policy.repository) || below(policy.system) || below(policy.extra) ||
         std::any_of(policy.etc.begin(), policy.etc.end(),
                     [&](const std::string& shown) { return at_or_below(path, shown); }) ||
         std::any_of(links.begin(), links.end(),
                     [&](const auto& link) { return at_or_below(path, link.second); });
}

// Nothing is ever mounted at or below the workspace, or over what the sandbox itself puts there.
bool may_mount(const Policy& policy, const std::string& target) {
  const std::array own = {"/proc", "/dev", "/sys", "/run", "/etc"};
  return target.size() > 1 && target[0] == '/' && !at_or_below(target, policy.repository) &&
         !at_or_below(policy.home, target) && target != "/tmp" && target != "/var/tmp" &&
         std::none_of(own.begin(), own.end(),
                      [&](std::string_view o) { return at_or_below(target, o); });
}

bool at_or_below(std::string_view path, std::string_view parent) {
  if (parent == "/") return !path.empty() && path[0] == '/';
  return path.substr(0, parent.size()) == parent &&
         (path.size() == parent.size() || path[parent.size()] == '/');
}

Result<Policy> make_policy(const SandboxOptions& options) {
  Policy policy;
  MIX_TRY(policy.repository, check_repository(options.repository));
  policy.whole_machine = options.config.isolation == Isolation::external ||
                         options.config.isolation == Isolation::none;
  policy.home = inner_home(options.home);
  policy.uid = getuid();
  policy.gid = getgid();
  if (policy.uid == 0 && !policy.whole_machine) policy.private_uid = pick_private_uid();
  policy.user = user_name(options.environment);
  policy.network = options.config.network == NetworkMode::host;
  policy.memory_mb = options.config.memory_mb;
  policy.disk_mb = options.config.disk_mb;
  policy.processes = options.config.processes;
  if (!options.objects.empty() && exists(options.objects.string()))
    policy.objects = real_path(options.objects);
  add_system(policy);
  policy.etc = etc_entries();
  add_toolchains(policy, options);
  add_private_caches(policy);
  MIX_OK(add_granted(policy, options));
  sort_extra(policy);
  policy.environment = clean_environment(options, policy);
  return policy;
}

}  // namespace mixagent
