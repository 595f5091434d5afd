#include "sandbox/policy.h"

#include "base/text.h"
#include "sandbox/etc.h"
#include "sandbox/private_uid.h"

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

Result<void> add_granted(Policy& policy, const SandboxOptions& options) {
  const std::string home = real_path(options.home);
  auto add = [&](const std::string& raw, bool writable, const char* key) -> Result<void> {
    const std::string path = real_path(expand_home(raw, home));
    if (path.empty() || path[0] != '/')
      return fail(ErrorCode::config, "\"" + raw + "\" is not an absolute path", key,
                  "write it from / or from ~/");
    const bool too_wide = at_or_below(home, path) || at_or_below(policy.repository, path);
    auto holds = [&](const char* part) { return path.find(part) != std::string::npos; };
    // Whoever reaches one of these is root; a read-only mount does not keep anybody from talking.
    const bool engine = holds("docker.sock") || holds("podman.sock") || holds("containerd.sock");
    if (engine || path == "/run")
      return fail(ErrorCode::config, "\"" + raw + "\" leads out of any sandbox", key,
                  "name the single sockets that commands need");
    const bool secret = holds("/.ssh") || holds("/.gnupg");
    if (writable && (too_wide || secret || at_or_below("/usr", path) || at_or_below("/etc", path)))
      return fail(ErrorCode::config, "\"" + raw + "\" may not be writable in the sandbox", key,
                  "name a folder that holds neither your home, the repository nor credentials");
    if (!exists(path) || at_or_below(path, policy.repository)) return {};
    if (!may_mount(policy, path) && !at_or_below(path, "/run"))
      return fail(ErrorCode::config, "\"" + raw + "\" cannot be shown in the sandbox", key,
                  "name a folder below it");
    policy.extra.push_back({path, path, writable});
    return {};
  };
  for (const auto& path : options.config.read_only) MIX_OK(add(path, false, "sandbox.read_only"));
  for (const auto& path : options.config.writable) MIX_OK(add(path, true, "sandbox.writable"));
  for (const auto& path : options.config.unix_sockets)
    MIX_OK(add(path, true, "sandbox.unix_sockets"));
  for (const auto& [raw, how] : options.config.cache) {
    MIX_OK(add(raw, how == "rw", "sandbox.cache"));
    const std::string path = real_path(expand_home(raw, home));
    auto& private_ones = policy.throw_away;
    private_ones.erase(std::remove(private_ones.begin(), private_ones.end(), path),
                       private_ones.end());
    if (how == "private") private_ones.push_back(path);
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
