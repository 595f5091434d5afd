#include "sandbox/bwrap.h"

#include <cstdlib>
#include <set>

namespace mixagent {
namespace {

constexpr const char* init_inside = "/run/mixagent/init";
constexpr const char* proxy_inside = "/run/mixagent/proxy";
constexpr long long mb = 1 << 20;

void append(std::vector<std::string>& to, std::initializer_list<std::string> parts) {
  to.insert(to.end(), parts);
}

// Builds the list in the order in which bubblewrap carries it out, and makes every parent of a
// mount point itself: left to bubblewrap it would be closed to a command that runs as a private
// user.
class MountList {
 public:
  MountList(const Policy& policy, const BwrapFeatures& features)
      : policy_(policy), features_(features) {}

  void folder(const std::string& path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      const std::string part = path.substr(0, end);
      if (!from_host(part) && made_.insert(part).second) {
        const bool own = policy_.private_uid && at_or_below(part, policy_.home);
        add({"--perms", own ? "0777" : "0755", "--dir", part});
      }
      if (end == std::string::npos) return;
    }
  }
  void parents(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash > 0) folder(path.substr(0, slash));
  }
  void bind(const Bind& bind) {
    parents(bind.target);
    add({bind.writable ? "--bind" : "--ro-bind", bind.source, bind.target});
    bound_.push_back(bind.target);
  }
  void tmpfs(const std::string& path, long long size_mb, const char* perms) {
    parents(path);
    if (features_.sized_tmpfs) add({"--size", std::to_string(size_mb * mb)});
    add({"--perms", perms, "--tmpfs", path});
    made_.insert(path);
  }
  void link(const std::string& target, const std::string& path) {
    parents(path);
    add({"--symlink", target, path});
  }
  void file(const std::string& path, std::string content) {
    parents(path);
    const int fd = first_file_fd + static_cast<int>(files.size());
    add({"--perms", "0444", "--file", std::to_string(fd), path});
    files.emplace_back(fd, std::move(content));
  }
  void add(std::initializer_list<std::string> parts) { append(argv, parts); }

  std::vector<std::string> argv;
  std::vector<std::pair<int, std::string>> files;

 private:
  bool from_host(const std::string& path) const {
    for (const auto& bound : bound_)
      if (at_or_below(path, bound)) return true;
    return false;
  }

  const Policy& policy_;
  const BwrapFeatures& features_;
  std::set<std::string> made_;
  std::vector<std::string> bound_;
};

unsigned inner_uid(const Policy& policy) {
  return policy.private_uid.value_or(policy.uid);
}
unsigned inner_gid(const Policy& policy) {
  return policy.private_uid.value_or(policy.gid);
}

bool workspace_covers(const Policy& policy, std::string_view path) {
  return at_or_below(path, policy.repository);
}

void add_namespaces(MountList& list, const Policy& policy, const BwrapFeatures& features) {
  list.add({"--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"});
  if (!policy.network) list.add({"--unshare-net"});
  if (policy.private_uid) {
    // As root there is no need of a user namespace; our init keeps what it takes to become the
    // private user.
    list.add({"--cap-drop", "ALL"});
    for (const char* capability : {"CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"})
      list.add({"--cap-add", capability});
  } else {
    list.add({"--unshare-user"});
    if (features.disable_userns) list.add({"--disable-userns"});
  }
  list.add({"--hostname", "sandbox", "--die-with-parent", "--new-session", "--as-pid-1"});
}

// What differs from run to run; /etc has links to them.
void add_generated_etc(MountList& list, const Policy& policy) {
  const std::string uid = std::to_string(inner_uid(policy)),
                    gid = std::to_string(inner_gid(policy));
  list.file("/run/mixagent/passwd",
            "root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n" + policy.user + ":x:" + uid + ":" +
                gid + "::" + policy.home +
                ":/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n");
  list.file("/run/mixagent/group",
            "root:x:0:\n" + policy.user + ":x:" + gid + ":\nnogroup:x:65534:\n");
  if (policy.network)
    list.bind({"/etc/resolv.conf", "/run/mixagent/resolv.conf"});
  else
    list.file("/run/mixagent/resolv.conf", "");
}

void add_kernel_views(MountList& list) {
  // Run as root, bubblewrap leaves /proc/sys writable.
  list.add({"--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"});
  list.tmpfs("/dev/shm", 512, "1777");
  list.add({"--remount-ro", "/dev"});  // else a store of memory that nobody counts
}

void add_scratch(MountList& list, const Policy& policy) {
  list.tmpfs("/tmp", 1024, "1777");
  list.tmpfs("/run", 64, "1777");
  list.folder("/var");
  list.link("../tmp", "/var/tmp");
  list.link("../run", "/var/run");
  if (!workspace_covers(policy, policy.home))
    list.tmpfs(policy.home, 512, policy.private_uid ? "0777" : "0700");
}

void add_mixagent(MountList& list, const Policy& policy, const std::string& init) {
  list.bind({init, init_inside});
  if (!policy.objects.empty()) list.bind({policy.objects, "/run/mixagent/objects"});
  if (!policy.proxy.empty()) list.bind({policy.proxy, proxy_inside});
}

// After the view stands, the same once more as Landlock rules: a second wall.
std::vector<std::string> landlock_options(const Policy& policy) {
  std::vector<std::string> options = {"--landlock", "best", "--read", "/"};
  for (const char* path : {"/dev", "/proc", "/tmp", "/run"}) append(options, {"--write", path});
  append(options, {"--write", policy.home, "--write", policy.repository});
  for (const Bind& bind : policy.extra)
    if (bind.writable) append(options, {"--write", bind.target});
  return options;
}

std::vector<std::string> memory_options(const Policy& policy) {
  std::vector<std::string> options;
  for (const std::string& path :
       {std::string("/tmp"), std::string("/run"), std::string("/dev/shm"), policy.home})
    if (!workspace_covers(policy, path)) append(options, {"--memory-fs", path});
  return options;
}

void extend(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

std::optional<BwrapFeatures> bwrap_features(std::string_view version_text) {
  const std::string text(version_text);
  const std::size_t at = text.find("bubblewrap ");
  if (at == std::string::npos) return std::nullopt;
  char* rest = nullptr;
  const long major = std::strtol(text.c_str() + at + 11, &rest, 10);
  const long minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
  const long version = major * 1000 + minor;
  if (version < 5) return std::nullopt;
  return BwrapFeatures{version >= 7, version >= 8};
}

std::vector<std::string> limit_options(const Policy& policy, const SandboxCommand& command,
                                       long nproc, const std::string& disk) {
  return {"--report",     std::to_string(report_fd),
          "--timeout-ms", std::to_string(command.timeout.count()),
          "--memory-mb",  std::to_string(policy.memory_mb),
          "--processes",  std::to_string(policy.processes),
          "--nproc",      std::to_string(nproc),
          "--disk-mb",    std::to_string(policy.disk_mb),
          "--disk",       disk};
}

std::vector<std::string> bare_landlock_options(const Policy& policy) {
  std::vector<std::string> options = {"--landlock", "must", "--no-tcp"};
  for (const Bind& bind : policy.system) append(options, {"--read", bind.target});
  for (const std::string& path : policy.etc) append(options, {"--read", path});
  for (const auto& [target, path] : policy.links) append(options, {"--read", path});
  for (const Bind& bind : policy.extra)
    append(options, {bind.writable ? "--write" : "--read", bind.target});
  for (const char* path : {"/etc/passwd", "/etc/group", "/etc/hosts", "/etc/resolv.conf", "/proc",
                           "/dev/urandom", "/dev/random", "/dev/fd"})
    append(options, {"--read", path});
  if (!policy.objects.empty()) append(options, {"--read", policy.objects});
  for (const char* path : {"/dev/null", "/dev/zero", "/dev/full"})
    append(options, {"--write", path});
  return options;
}

Launch bwrap_launch(const Policy& policy, const BwrapFeatures& features, const std::string& init,
                    const SandboxCommand& command, long nproc) {
  MountList list(policy, features);
  list.argv = {"/usr/bin/bwrap"};
  add_namespaces(list, policy, features);
  if (!policy.etc_folder.empty()) list.bind({policy.etc_folder, "/etc"});
  for (const Bind& bind : policy.system) list.bind(bind);
  for (const auto& [target, path] : policy.links) list.link(target, path);
  add_kernel_views(list);
  add_scratch(list, policy);
  for (const Bind& bind : policy.extra) list.bind(bind);
  add_generated_etc(list, policy);
  add_mixagent(list, policy, init);
  // The workspace is the last mount and nothing comes below it: what a model left there can never
  // be on the way of a mount.
  list.bind({command.workspace.string(), policy.repository, true});
  list.add({"--remount-ro", "/", "--chdir", "/", "--", init_inside});

  extend(list.argv, limit_options(policy, command, nproc, policy.repository));
  for (const std::string& path : policy.throw_away) list.add({"--disk", path});
  list.add({"--seccomp", std::to_string(filter_fd)});
  if (policy.private_uid) list.add({"--uid", std::to_string(*policy.private_uid)});
  if (!policy.proxy.empty()) list.add({"--proxy", proxy_inside});
  extend(list.argv, landlock_options(policy));
  extend(list.argv, memory_options(policy));
  const std::string folder =
      (std::filesystem::path(policy.repository) / command.cwd).lexically_normal().string();
  list.add({"--cwd", folder, "--", "/bin/bash", "-c", command.command});
  return {std::move(list.argv), std::move(list.files)};
}

}  // namespace mixagent
