#include "sandbox/remedy.h"

#include "base/text.h"

#include <string>

namespace mixagent {
namespace {

struct Cause {
  const char* said;  // a part of the message
  const char* what;
  const char* remedy;
};

// In this order: the first that fits.
constexpr Cause causes[] = {
    {"does not stand", "a command gets through where it must not",
     "look at what /usr/bin/bwrap is; update bubblewrap and the kernel"},
    {"mount proc", "this container masks /proc, so that no new one can be mounted",
     "run it with --security-opt systempaths=unconfined"},
    {"no such program", "bubblewrap is not installed", "install it: apt install bubblewrap"},
    {"setuid", "/usr/bin/bwrap is setuid root, which is not used",
     "install your distribution's current bubblewrap (chmod u-s /usr/bin/bwrap)"},
    {"or later is needed", "/usr/bin/bwrap is too old, or no bubblewrap",
     "install your distribution's current bubblewrap"},
    {"setting up uid map: Permission denied",
     "this kernel refuses user namespaces to /usr/bin/bwrap (AppArmor)",
     "apt install apparmor-profiles and load the profile bwrap-userns-restrict; in CI: "
     "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
    {"loopback: Failed RTM_NEWADDR",
     "this kernel lets /usr/bin/bwrap make a namespace but not use it (AppArmor)",
     "apt install apparmor-profiles and load the profile bwrap-userns-restrict; in CI: "
     "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
    {"No permissions to create new namespace", "user namespaces are switched off or forbidden here",
     "sudo sysctl -w kernel.unprivileged_userns_clone=1; in a container: "
     "--security-opt seccomp=unconfined --security-opt systempaths=unconfined"},
    {"_namespaces exceeded", "user namespaces are switched off or used up here",
     "sudo sysctl -w user.max_user_namespaces=15000"},
    {"Operation not permitted", "this container forbids namespaces or mounts",
     "run it with --security-opt seccomp=unconfined --security-opt systempaths=unconfined "
     "(as root also --cap-add SYS_ADMIN)"},
    {"make / slave", "this container forbids mounts",
     "run it with --security-opt apparmor=unconfined --security-opt seccomp=unconfined"},
    {"Resource temporarily unavailable", "the limit of processes or namespaces is reached",
     "raise ulimit -u or user.max_user_namespaces"},
    {"No space left on device", "the limit of namespaces is reached",
     "raise user.max_user_namespaces (sysctl)"},
    {"Too many levels of symbolic links", "a folder of the mount view is a symbolic link",
     "name the real folder in [sandbox] read_only and writable, and start in the repository's real "
     "path"},
    {"Landlock", "this kernel has no Landlock of ABI 3 or later",
     "use a kernel of version 6.2 or later"},
    {"cannot enter", "the private user of the commands cannot reach the workspace's folder",
     "point XDG_CACHE_HOME to a folder that all users may enter (/var/tmp/cache)"},
    {"failed user",
     "this root is not the machine's: the private user 60000-63999 does not exist for it",
     "map that range into the container, or run it as an ordinary user"},
    {"Permission denied", "the helper in the cache folder cannot be executed",
     "point XDG_CACHE_HOME to a folder on a file system without noexec"},
};

}  // namespace

Error explain_failure(Isolation isolation, std::string_view said) {
  Error error;
  error.code = ErrorCode::sandbox;
  error.where = "sandbox";
  error.what = std::string("the isolation \"") +
               std::string(enum_names(isolation)[static_cast<std::size_t>(isolation)]) +
               "\" is not available";
  for (const Cause& cause : causes) {
    if (said.find(cause.said) == std::string_view::npos) continue;
    error.what += std::string(": ") + cause.what;
    error.hint = std::string(cause.remedy) + ". ";
    break;
  }
  const std::string detail = clip(trim(said), 400);
  if (!detail.empty()) error.what += " [" + detail + "]";
  error.hint += isolation == Isolation::full
                    ? "Otherwise: --sandbox reduced (no namespaces), or --sandbox external on a "
                      "machine that may be "
                      "thrown away; `mixagent doctor` shows each probe"
                    : "Otherwise: --sandbox external on a machine that may be thrown away; "
                      "`mixagent doctor` shows each probe";
  return error;
}

}  // namespace mixagent
