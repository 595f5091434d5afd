#include "sandbox/policy.h"

#include "base/text.h"
#include "sandbox/etc.h"
#include "sandbox/remedy.h"
#include "system/files.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sys/stat.h>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

// A home folder with toolchains, secrets and a repository.
class Home {
 public:
  Home() {
    std::string path = (fs::temp_directory_path() / "mixagent-home-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    root_ = fs::canonical(path);
    for (const char* folder :
         {".ssh", ".cargo/bin", ".cargo/registry", ".rustup", ".nvm/versions/node/v20/bin",
          "tools/bin", "tools/lib", "bin", "src/app/.venv/bin", ".aws", "data"})
      fs::create_directories(root_ / folder);
  }
  ~Home() { fs::remove_all(root_); }

  SandboxOptions options() const {
    SandboxOptions options;
    options.home = root_;
    options.repository = root_ / "src/app";
    options.cache = root_ / ".cache/mixagent";
    const std::string home = root_.string();
    options.environment = {{"PATH", home + "/.cargo/bin:" + home + "/.nvm/versions/node/v20/bin:" +
                                        home + "/tools/bin:" + home + "/bin:" + home +
                                        "/src/app/.venv/bin:/usr/bin:/no/such/folder:relative"},
                           {"HOME", home},
                           {"USER", "ann"},
                           {"LANG", "de_DE.UTF-8"},
                           {"LC_TIME", "C"},
                           {"LC_API_KEY", "hidden-value-1"},
                           {"TZ", "UTC"},
                           {"VIRTUAL_ENV", home + "/src/app/.venv"},
                           {"GOPATH", home + "/go"},
                           {"ANTHROPIC_API_KEY", "hidden-value-2"},
                           {"GITHUB_TOKEN", "hidden-value-3"},
                           {"AWS_SECRET_ACCESS_KEY", "hidden-value-4"},
                           {"SSH_AUTH_SOCK", "/tmp/ssh-sock"},
                           {"DBUS_SESSION_BUS_ADDRESS", "unix:x"},
                           {"DISPLAY", ":0"},
                           {"LD_PRELOAD", "/evil.so"},
                           {"BASH_ENV", "/evil.sh"},
                           {"NODE_OPTIONS", "--require /evil"},
                           {"GIT_DIR", "/somewhere/.git"},
                           {"http_proxy", "http://user:pw@proxy"},
                           {"MY_SETTING", "plain"}};
    return options;
  }
  std::string path(const std::string& below) const { return (root_ / below).string(); }

 private:
  fs::path root_;
};

std::vector<std::string> names(const Variables& environment) {
  std::vector<std::string> all;
  for (const auto& [name, value] : environment) all.push_back(name);
  std::sort(all.begin(), all.end());
  return all;
}

TEST_CASE("the environment is an allow-list") {
  const Home home;
  SandboxOptions options = home.options();
  const auto policy = make_policy(options);
  REQUIRE(policy);
  CHECK(names(policy->environment) == std::vector<std::string>{"CI",
                                                               "GIT_CONFIG_COUNT",
                                                               "GIT_CONFIG_KEY_0",
                                                               "GIT_CONFIG_KEY_1",
                                                               "GIT_CONFIG_KEY_2",
                                                               "GIT_CONFIG_KEY_3",
                                                               "GIT_CONFIG_KEY_4",
                                                               "GIT_CONFIG_NOSYSTEM",
                                                               "GIT_CONFIG_VALUE_0",
                                                               "GIT_CONFIG_VALUE_1",
                                                               "GIT_CONFIG_VALUE_2",
                                                               "GIT_CONFIG_VALUE_3",
                                                               "GIT_CONFIG_VALUE_4",
                                                               "GIT_TERMINAL_PROMPT",
                                                               "HOME",
                                                               "LANG",
                                                               "LC_TIME",
                                                               "LOGNAME",
                                                               "PATH",
                                                               "SHELL",
                                                               "TERM",
                                                               "TMPDIR",
                                                               "TZ",
                                                               "USER",
                                                               "VIRTUAL_ENV"});
  for (const auto& [name, value] : policy->environment)
    for (const char* secret : {"hidden-value-1", "hidden-value-2", "hidden-value-3",
                               "hidden-value-4", "evil", "ssh-sock"})
      CHECK_MESSAGE(value.find(secret) == std::string::npos, name);

  options.config.env_pass = {"MY_SETTING", "GITHUB_TOKEN"};
  const auto wider = make_policy(options);
  REQUIRE(wider);
  CHECK(value_of(wider->environment, "MY_SETTING") == "plain");
  CHECK(value_of(wider->environment, "GITHUB_TOKEN") == "hidden-value-3");
  CHECK(value_of(wider->environment, "AWS_SECRET_ACCESS_KEY").empty());
}

TEST_CASE("names that hold secrets or steer programs") {
  for (const char* name :
       {"OPENAI_API_KEY", "npm_token", "MYSQL_PASSWORD", "AWS_REGION", "GOOGLE_X", "SSH_TTY",
        "GPG_AGENT_INFO", "KUBECONFIG", "LD_LIBRARY_PATH", "GH_PAT", "ENV", "AUTHORIZATION",
        "SESSION_COOKIE", "NODE_OPTIONS", "XDG_RUNTIME_DIR"})
    CHECK_MESSAGE(suspicious_variable(name), name);
  for (const char* name :
       {"PATH", "HOME", "LANG", "LC_ALL", "EDITOR", "GOPATH", "VIRTUAL_ENV", "OLDPWD"})
    CHECK_MESSAGE(!suspicious_variable(name), name);
}

TEST_CASE("toolchains below the home folder come along, credentials do not") {
  const Home home;
  const auto policy = make_policy(home.options());
  REQUIRE(policy);
  std::vector<std::string> shown;
  for (const Bind& bind : policy->extra) {
    CHECK_FALSE(bind.writable);
    shown.push_back(bind.target);
  }
  CHECK(shown == std::vector<std::string>{home.path(".cargo/bin"), home.path(".cargo/registry"),
                                          home.path(".nvm"), home.path(".rustup"), home.path("bin"),
                                          home.path("tools")});
  const std::string path = value_of(policy->environment, "PATH");
  CHECK(path.rfind(home.path(".cargo/bin") + ":" + home.path(".nvm/versions/node/v20/bin") + ":" +
                       home.path("tools/bin") + ":" + home.path("bin") + ":" +
                       home.path("src/app/.venv/bin") + ":/usr/bin:",
                   0) == 0);
  CHECK(path.find("/no/such/folder") == std::string::npos);
  CHECK(path.find("relative") == std::string::npos);
}

TEST_CASE("/etc is an allow-list") {
  const Home home;
  const auto policy = make_policy(home.options());
  REQUIRE(policy);
  CHECK_FALSE(policy->etc.empty());
  for (const Bind& bind : policy->system) CHECK_FALSE(at_or_below(bind.target, "/etc"));
  for (const std::string& path : policy->etc)
    for (const char* secret :
         {"shadow", "sudoers", "/etc/ssh", "keytab", "docker", "NetworkManager", "gitconfig"})
      CHECK_MESSAGE(path.find(secret) == std::string::npos, path);
}

TEST_CASE("/etc is a folder of copies of what everybody may read") {
  const Home home;
  const fs::path etc = home.path("etc"), cache = home.path(".cache/mixagent");
  fs::create_directories(etc / "ssl/private");
  fs::create_directories(etc / "ssl/certs");
  std::ofstream(etc / "ssl/certs/ca.pem") << "certificate";
  std::ofstream(etc / "ssl/private/key.pem") << "key";
  std::ofstream(etc / "ssl/closed") << "closed";
  std::ofstream(etc / "tool") << "#!/bin/sh";
  std::ofstream(home.path("elsewhere")) << "data";
  fs::create_symlink("ca.pem", etc / "ssl/certs/1.0");
  fs::create_symlink(home.path("elsewhere"), etc / "linked");
  fs::create_symlink("/usr/bin", etc / "localtime");
  fs::create_symlink("/no/such/file", etc / "dangling");
  for (const char* open : {"ssl", "ssl/certs"})
    fs::permissions(etc / open, static_cast<fs::perms>(0755));
  for (const char* open : {"ssl/certs/ca.pem", "ssl/private/key.pem"})
    fs::permissions(etc / open, static_cast<fs::perms>(0644));
  fs::permissions(home.path("elsewhere"), static_cast<fs::perms>(0644));
  fs::permissions(etc / "tool", static_cast<fs::perms>(0755));
  fs::permissions(etc / "ssl/private", static_cast<fs::perms>(0710));
  fs::permissions(etc / "ssl/closed", static_cast<fs::perms>(0640));
  for (int i = 0; i < 4100; ++i) {
    fs::create_directories(etc / "huge");
    std::ofstream(etc / "huge" / std::to_string(i)) << "";
  }
  fs::permissions(etc / "huge", static_cast<fs::perms>(0755));
  std::vector<std::string> entries;
  for (const char* name : {"ssl", "tool", "linked", "localtime", "dangling", "missing", "huge"})
    entries.push_back((etc / name).string());

  const mode_t before = umask(0077);
  const auto made = prepare_etc(entries, cache);
  umask(before);
  REQUIRE(made);
  std::vector<std::string> seen;
  for (const auto& entry : fs::recursive_directory_iterator(made->path)) {
    const std::string mode =
        std::to_string(static_cast<unsigned>(entry.symlink_status().permissions()));
    seen.push_back(entry.path().lexically_relative(made->path).string() +
                   (entry.is_symlink()     ? " -> " + fs::read_symlink(entry).string()
                    : entry.is_directory() ? "/" + std::string(mode == "493" ? "" : " closed")
                                           : " " + std::string(mode == "292"   ? "r"
                                                               : mode == "365" ? "rx"
                                                                               : mode)));
  }
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<std::string>{
                    "group -> ../run/mixagent/group", "hostname r", "hosts r", "huge/", "linked r",
                    "localtime -> /usr/bin", "passwd -> ../run/mixagent/passwd",
                    "resolv.conf -> ../run/mixagent/resolv.conf", "ssl/", "ssl/certs/",
                    "ssl/certs/1.0 -> ca.pem", "ssl/certs/ca.pem r", "tool rx"});
  REQUIRE(made->large.size() == 1);
  CHECK(made->large[0].source == (etc / "huge").string());
  CHECK(made->large[0].target == "/etc/huge");

  CHECK(prepare_etc(entries, cache)->path == made->path);
  const auto modified = fs::last_write_time(etc / "ssl/certs/ca.pem");
  std::ofstream(etc / "ssl/certs/ca.pem") << "CERTIFICATE";
  fs::last_write_time(etc / "ssl/certs/ca.pem", modified);
  CHECK(prepare_etc(entries, cache)->path != made->path);
  std::ofstream(etc / "ssl/certs/ca.pem") << "certificate, renewed";
  const auto renewed = prepare_etc(entries, cache);
  REQUIRE(renewed);
  CHECK(renewed->path != made->path);
  CHECK(read_file(fs::path(renewed->path) / "ssl/certs/ca.pem").value_or("") ==
        "certificate, renewed");

  // Nobody used the first one for long: it goes when the next one is made.
  fs::last_write_time(made->path, fs::file_time_type::clock::now() - std::chrono::hours(24 * 40));
  std::ofstream(etc / "tool") << "#!/bin/bash";
  REQUIRE(prepare_etc(entries, cache));
  CHECK_FALSE(fs::exists(made->path));
  CHECK(fs::exists(renewed->path));
}

TEST_CASE("what may be made writable") {
  const Home home;
  struct Case {
    std::string path;
    bool allowed;
  };
  fs::create_symlink("/", home.path("data/everything"));
  for (const Case& c : std::vector<Case>{{home.path("data"), true},
                                         {"~/data", true},
                                         {"/", false},
                                         {"~", false},
                                         {home.path(""), false},
                                         {home.path("src"), false},
                                         {home.path("src/app"), false},
                                         {"~/.ssh", false},
                                         {"/usr", false},
                                         {"/etc", false},
                                         {"data", false},
                                         {home.path("data/everything"), false},
                                         {"/var/run/docker.sock", false}}) {
    SandboxOptions options = home.options();
    options.config.writable = {c.path};
    const auto policy = make_policy(options);
    CHECK_MESSAGE(policy.has_value() == c.allowed, c.path);
    if (!policy) CHECK(policy.error().code == ErrorCode::config);
  }
  for (const char* engine : {"/var/run/docker.sock", "/run/podman/podman.sock", "/run"}) {
    SandboxOptions options = home.options();
    options.config.read_only = {engine};
    CHECK_FALSE_MESSAGE(make_policy(options), engine);
    options.config.read_only.clear();
    options.config.unix_sockets = {engine};
    CHECK_FALSE_MESSAGE(make_policy(options), engine);
  }
  // A folder that shows a socket of one directly, and the folder of all services' sockets.
  std::ofstream(home.path("data/crio.sock")) << "";
  for (const std::string& folder : {home.path("data"), std::string("/run/lock")}) {
    if (!fs::is_directory(folder)) continue;
    SandboxOptions options = home.options();
    options.config.read_only = {folder};
    CHECK_FALSE_MESSAGE(make_policy(options), folder);
  }
  fs::remove(home.path("data/crio.sock"));
  SandboxOptions options = home.options();
  options.config.read_only = {"~/.aws", "/no/such/place"};
  const auto policy = make_policy(options);
  REQUIRE(policy);
  CHECK(std::any_of(policy->extra.begin(), policy->extra.end(), [&](const Bind& bind) {
    return bind.target == home.path(".aws") && !bind.writable;
  }));
}

TEST_CASE("mixagent's own folders are not granted") {
  const Home home;
  struct Case {
    std::string path;
    bool readable, writable;
  };
  fs::create_directories(home.path(".cache/mixagent/shop-1"));
  fs::create_directories(home.path(".cache/other"));
  fs::create_directories(home.path("state/mixagent"));
  fs::create_directories(home.path(".config/other"));
  fs::create_directory_symlink(home.path(".cache"), home.path("linked"));
  for (const Case& c : std::vector<Case>{{"~/.cache", false, false},
                                         {"~/.cache/mixagent", false, false},
                                         {"~/.cache/mixagent/shop-1", false, false},
                                         {"~/linked", false, false},
                                         {"~/.cache/other", true, true},
                                         {"~/state", false, false},
                                         {"~/.local/state", true, true},
                                         {"~/.config", true, false},
                                         {"~/.config/mixagent/config.toml", true, false},
                                         {"~/.config/other", true, true}}) {
    SandboxOptions options = home.options();
    options.environment.emplace_back("XDG_STATE_HOME", home.path("state"));
    options.config.read_only = {c.path};
    CHECK_MESSAGE(make_policy(options).has_value() == c.readable, c.path);
    options.config.read_only.clear();
    options.config.writable = {c.path};
    CHECK_MESSAGE(make_policy(options).has_value() == c.writable, c.path);
    options.config.writable.clear();
    options.config.cache = {{c.path, "rw"}};
    CHECK_MESSAGE(make_policy(options).has_value() == c.writable, c.path);
  }
}

TEST_CASE("a cache that is a link is given where its tool looks for it") {
  const Home home;
  fs::create_directories(home.path("data/build"));
  fs::create_directories(home.path(".cache"));
  fs::create_directory_symlink(home.path("data/build"), home.path(".cache/go-build"));
  std::ofstream(home.path("src/app/go.mod")) << "module m\n";
  for (const std::string how : {"ro", "private", "rw"}) {
    SandboxOptions options = home.options();
    options.config.cache = {{"~/.cache/go-build/", how}};
    const auto policy = make_policy(options);
    REQUIRE(policy);
    std::vector<std::string> shown;
    for (const Bind& bind : policy->extra)
      if (bind.source == home.path("data/build"))
        shown.push_back(bind.target + (bind.writable ? " rw" : ""));
    CHECK(shown ==
          std::vector<std::string>{home.path(".cache/go-build") + (how == "rw" ? " rw" : "")});
    CHECK(policy->throw_away.size() == (how == "private" ? 1 : 0));
  }
  fs::remove(home.path(".cache/go-build"));
  fs::create_directory_symlink(home.path(".ssh"), home.path(".cache/go-build"));
  SandboxOptions options = home.options();
  options.config.cache = {{"~/.cache/go-build", "rw"}};
  CHECK_FALSE(make_policy(options));
}

TEST_CASE("downloads are not laid over what the user named, nor empty ones over full ones") {
  const Home home;
  const std::string downloads = home.path("data"), go = "go/pkg/mod", npm = ".npm/_cacache",
                    cargo = ".cargo/registry";
  for (const std::string& folder : {go, npm, cargo}) {
    fs::create_directories(downloads + "/" + folder);
    fs::create_directories(home.path(folder));
  }
  for (const std::string& folder : {npm, cargo})
    std::ofstream(downloads + "/" + folder + "/got") << "";
  SandboxOptions options = home.options();
  options.config.cache = {{"~/.npm/_cacache", "rw"}};
  for (const bool online : {false, true}) {
    auto policy = make_policy(options);
    REQUIRE(policy);
    show_downloads(*policy, downloads, online);
    std::vector<std::string> laid;
    for (const Bind& bind : policy->extra)
      if (at_or_below(bind.source, downloads)) laid.push_back(bind.target);
    std::sort(laid.begin(), laid.end());
    CHECK(laid == (online ? std::vector<std::string>{home.path(cargo), home.path(go)}
                          : std::vector<std::string>{home.path(cargo)}));
  }
}

TEST_CASE("what is shown of /etc is visible") {
  const Home home;
  SandboxOptions options = home.options();
  for (auto& [name, value] : options.environment)
    if (name == "VIRTUAL_ENV") value = "/etc/alternatives/env";
  const auto policy = make_policy(options);
  REQUIRE(policy);
  const bool there = std::count(policy->etc.begin(), policy->etc.end(), "/etc/alternatives") != 0;
  CHECK(value_of(policy->environment, "VIRTUAL_ENV") == (there ? "/etc/alternatives/env" : ""));
  CHECK_FALSE(visible(*policy, "/etc/shadow"));
}

TEST_CASE("caches: read-only, in a layer of their own, or the user's own on request") {
  const Home home;
  fs::create_directories(home.path(".cache/go-build"));
  fs::create_directories(home.path(".npm/_cacache"));
  struct Case {
    std::map<std::string, std::string> cache;
    bool go_module;
    std::map<std::string, std::string> shown;  // below home -> how
  };
  const std::string npm = ".npm/_cacache", go = ".cache/go-build";
  for (const Case& c : std::vector<Case>{
           {{}, false, {{npm, "ro"}}},
           {{}, true, {{npm, "ro"}, {go, "private"}}},
           {{{"~/.cache/go-build", "ro"}}, true, {{npm, "ro"}, {go, "ro"}}},
           {{{"~/.cache/go-build", "rw"}}, true, {{npm, "ro"}, {go, "rw"}}},
           {{{"~/.cache/go-build", "private"}}, false, {{npm, "ro"}, {go, "private"}}},
           {{{"~/.npm/_cacache", "private"}}, false, {{npm, "private"}}},
           {{{"~/data", "private"}, {"~/.cache/none", "rw"}, {"~/.cache/other", "private"}},
            false,
            {{npm, "ro"}, {"data", "private"}}}}) {
    SandboxOptions options = home.options();
    options.config.cache = c.cache;
    if (c.go_module) std::ofstream(home.path("src/app/go.mod")) << "module m\n";
    const auto policy = make_policy(options);
    fs::remove(home.path("src/app/go.mod"));
    REQUIRE(policy);
    std::map<std::string, std::string> shown;
    for (const Bind& bind : policy->extra)
      for (const std::string& folder : {npm, go, std::string("data")})
        if (bind.target == home.path(folder)) shown[folder] = bind.writable ? "rw" : "ro";
    for (const std::string& path : policy->throw_away) {
      const std::string below = path.substr(home.path("").size());
      CHECK(shown[below] == "ro");
      shown[below] = "private";
    }
    CHECK(shown == c.shown);
  }
  for (const char* refused : {"~", "/", "~/src", "~/.ssh"}) {
    SandboxOptions options = home.options();
    options.config.cache = {{refused, "rw"}};
    CHECK_FALSE_MESSAGE(make_policy(options), refused);
  }
}

TEST_CASE("places where a repository would cover the sandbox itself") {
  const Home home;
  for (const char* place : {"/", "/usr", "/run", "/etc", "/proc/self", "/dev/shm/x", "/sys"}) {
    SandboxOptions options = home.options();
    options.repository = place;
    const auto policy = make_policy(options);
    REQUIRE_MESSAGE(!policy, place);
    CHECK(policy.error().code == ErrorCode::sandbox);
  }
}

TEST_CASE("a repository that is the home folder hides the toolchains below it, not the reverse") {
  const Home home;
  SandboxOptions options = home.options();
  options.repository = options.home;
  const auto policy = make_policy(options);
  REQUIRE(policy);
  for (const Bind& bind : policy->extra) CHECK_FALSE(at_or_below(bind.target, policy->repository));
}

TEST_CASE("causes and remedies") {
  struct Case {
    const char* said;
    const char* what;
    const char* hint;
  };
  for (const Case& c : std::vector<Case>{
           {"bwrap: setting up uid map: Permission denied", "AppArmor",
            "apparmor_restrict_unprivileged_userns=0"},
           {"bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "AppArmor",
            "bwrap-userns-restrict"},
           {"bwrap: No permissions to create new namespace, likely because the kernel does not "
            "allow",
            "user namespaces", "seccomp=unconfined"},
           {"bwrap: Failed to make / slave: Permission denied", "mounts", "apparmor=unconfined"},
           {"bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "/proc",
            "systempaths=unconfined"},
           {"bwrap: Creating new namespace failed: Resource temporarily unavailable", "limit",
            "ulimit"},
           {"/usr/bin/bwrap: no such program", "not installed", "apt install bubblewrap"},
           {"something new", "[something new]", "doctor"}}) {
    const Error error = explain_failure(Isolation::full, c.said);
    CHECK(error.code == ErrorCode::sandbox);
    CHECK_MESSAGE(error.what.find(c.what) != std::string::npos, error.what);
    CHECK_MESSAGE(error.hint.find(c.hint) != std::string::npos, error.hint);
    CHECK(error.hint.find("--sandbox external") != std::string::npos);
  }
}

}  // namespace
}  // namespace mixagent
