#include "sandbox/bwrap.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace mixagent {
namespace {

Policy sample() {
  Policy policy;
  policy.home = "/home/ann";
  policy.repository = "/home/ann/src/app";
  policy.user = "ann";
  policy.uid = policy.gid = 1000;
  policy.system = {{"/usr", "/usr"}};
  policy.etc_folder = "/c/etc-1";
  policy.links = {{"usr/bin", "/bin"}};
  policy.extra = {{"/home/ann/.cargo/bin", "/home/ann/.cargo/bin"},
                  {"/data/cache", "/data/cache", true}};
  policy.objects = "/home/ann/src/app/.git/objects";
  policy.memory_mb = 1000;
  policy.disk_mb = 2000;
  policy.processes = 300;
  return policy;
}

SandboxCommand command() {
  SandboxCommand command;
  command.command = "make; \"$HOME\"";
  command.workspace = "/var/cache/w1";
  command.mounted_at = "/home/ann/src/app";
  command.cwd = "sub";
  command.timeout = std::chrono::milliseconds(5000);
  return command;
}

struct Mount {
  std::string option, source, target;
};

// Every option that puts something into the view, in order.
std::vector<Mount> mounts(const std::vector<std::string>& argv) {
  std::vector<Mount> all;
  for (std::size_t i = 1; i < argv.size() && argv[i] != "--"; ++i) {
    const std::string& option = argv[i];
    const bool two = option == "--bind" || option == "--ro-bind" || option == "--symlink" ||
                     option == "--file" || option == "--ro-bind-data" || option == "--dev-bind";
    const bool one = option == "--tmpfs" || option == "--dir" || option == "--proc" ||
                     option == "--dev" || option == "--remount-ro";
    if (two) all.push_back({option, argv[i + 1], argv[i + 2]});
    if (one) all.push_back({option, "", argv[i + 1]});
  }
  return all;
}

bool has_run(const std::vector<std::string>& argv, const std::vector<std::string>& part) {
  return std::search(argv.begin(), argv.end(), part.begin(), part.end()) != argv.end();
}

TEST_CASE("the workspace is bound last and nothing lies below it") {
  for (const bool as_root : {false, true})
    for (const char* repository :
         {"/home/ann/src/app", "/home/ann", "/home", "/tmp/app", "/srv/app"}) {
      Policy policy = sample();
      policy.repository = repository;
      policy.extra.clear();
      if (as_root) policy.private_uid = 60001;
      SandboxCommand c = command();
      c.mounted_at = repository;
      const Launch launch = bwrap_launch(policy, {}, "/c/init", c, 300);
      const auto all = mounts(launch.argv);
      const auto workspace = std::find_if(all.begin(), all.end(), [&](const Mount& m) {
        return m.option == "--bind" && m.source == "/var/cache/w1";
      });
      REQUIRE(workspace != all.end());
      CHECK(workspace->target == repository);
      REQUIRE(workspace + 2 == all.end());
      CHECK((workspace + 1)->option == "--remount-ro");
      CHECK((workspace + 1)->target == "/");
      for (const Mount& mount : all) {
        const bool below = at_or_below(mount.target, repository) && mount.target != repository;
        CHECK_MESSAGE(!below, mount.option << " " << mount.target);
      }
    }
}

TEST_CASE("namespaces, death and session") {
  Policy policy = sample();
  const auto user = bwrap_launch(policy, {}, "/c/init", command(), 300).argv;
  CHECK(user[0] == "/usr/bin/bwrap");
  for (const char* flag :
       {"--unshare-user", "--disable-userns", "--unshare-pid", "--unshare-net", "--unshare-ipc",
        "--unshare-uts", "--die-with-parent", "--new-session", "--as-pid-1"})
    CHECK_MESSAGE(has_run(user, {flag}), flag);
  CHECK_FALSE(has_run(user, {"--cap-add"}));

  policy.private_uid = 60001;
  const auto root = bwrap_launch(policy, {}, "/c/init", command(), 300).argv;
  CHECK_FALSE(has_run(root, {"--unshare-user"}));
  CHECK(has_run(root, {"--cap-drop", "ALL", "--cap-add", "CAP_SETUID"}));
  CHECK(has_run(root, {"--uid", "60001"}));
  CHECK(has_run(root, {"--perms", "0777", "--dir", "/home/ann/src"}));
  CHECK(has_run(root, {"--perms", "0755", "--dir", "/home"}));

  policy.network = true;
  CHECK_FALSE(has_run(bwrap_launch(policy, {}, "/c/init", command(), 300).argv, {"--unshare-net"}));
}

TEST_CASE("/proc/sys is read-only over the new /proc") {
  const auto argv = bwrap_launch(sample(), {}, "/c/init", command(), 300).argv;
  CHECK(has_run(argv, {"--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"}));
}

TEST_CASE("all memory file systems have a size") {
  const auto argv = bwrap_launch(sample(), {}, "/c/init", command(), 300).argv;
  for (std::size_t i = 0; i < argv.size(); ++i) {
    if (argv[i] == "--tmpfs") CHECK(argv[i - 4] == "--size");
  }
  CHECK(has_run(argv, {"--remount-ro", "/dev"}));
}

TEST_CASE("everything is read-only but the workspace and what the user made writable") {
  const auto all = mounts(bwrap_launch(sample(), {}, "/c/init", command(), 300).argv);
  std::vector<std::string> writable, shown;
  for (const Mount& mount : all) {
    if (mount.option == "--bind") writable.push_back(mount.target);
    if (mount.option == "--ro-bind") shown.push_back(mount.source);
  }
  CHECK(writable == std::vector<std::string>{"/data/cache", "/home/ann/src/app"});
  CHECK(shown == std::vector<std::string>{"/c/etc-1", "/usr", "/proc/sys", "/home/ann/.cargo/bin",
                                          "/c/init", "/home/ann/src/app/.git/objects"});
}

TEST_CASE("pid 1 is our init with the limits, the filter and the command as one argument") {
  const auto argv = bwrap_launch(sample(), {}, "/c/init", command(), 333).argv;
  for (const auto& part : std::vector<std::vector<std::string>>{{"--", "/run/mixagent/init"},
                                                                {"--timeout-ms", "5000"},
                                                                {"--memory-mb", "1000"},
                                                                {"--processes", "300"},
                                                                {"--nproc", "333"},
                                                                {"--disk-mb", "2000"},
                                                                {"--disk", "/home/ann/src/app"},
                                                                {"--seccomp", "3"},
                                                                {"--report", "4"},
                                                                {"--cwd", "/home/ann/src/app/sub"}})
    CHECK_MESSAGE(has_run(argv, part), part[0]);
  const std::vector<std::string> end(argv.end() - 4, argv.end());
  CHECK(end == std::vector<std::string>{"--", "/bin/bash", "-c", "make; \"$HOME\""});
}

TEST_CASE("generated files name one user and no secret place") {
  const Launch launch = bwrap_launch(sample(), {}, "/c/init", command(), 300);
  REQUIRE(launch.files.size() == 3);
  CHECK(launch.files[0].second.find("\nann:x:1000:1000::/home/ann:/bin/bash\n") !=
        std::string::npos);
  CHECK(launch.files[2].second.empty());  // resolv.conf
  for (const Mount& mount : mounts(launch.argv))
    CHECK_MESSAGE(mount.target.find("shadow") == std::string::npos, mount.target);
}

TEST_CASE("older versions get only what they know") {
  struct Case {
    const char* text;
    bool known, sized, disable;
  };
  for (const Case& c : std::vector<Case>{{"bubblewrap 0.4.1\n", false, false, false},
                                         {"bubblewrap 0.6.1\n", true, false, false},
                                         {"bubblewrap 0.7.0\n", true, true, false},
                                         {"bubblewrap 0.8.0\n", true, true, true},
                                         {"bubblewrap 0.12.0\n", true, true, true},
                                         {"bubblewrap 1.0\n", true, true, true},
                                         {"something else", false, false, false},
                                         {"", false, false, false}}) {
    const auto features = bwrap_features(c.text);
    REQUIRE_MESSAGE(features.has_value() == c.known, c.text);
    if (!features) continue;
    CHECK(features->sized_tmpfs == c.sized);
    CHECK(features->disable_userns == c.disable);
    const auto argv = bwrap_launch(sample(), *features, "/c/init", command(), 1).argv;
    CHECK(has_run(argv, {"--size"}) == c.sized);
    CHECK(has_run(argv, {"--disable-userns"}) == c.disable);
  }
}

}  // namespace
}  // namespace mixagent
