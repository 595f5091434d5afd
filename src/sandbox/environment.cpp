#include "base/text.h"
#include "sandbox/policy.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

constexpr const char* default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

constexpr std::array passed_names = {"TZ", "LANG", "LANGUAGE"};
constexpr std::array folder_variables = {"JAVA_HOME",   "GOROOT",  "GOPATH",     "CARGO_HOME",
                                         "RUSTUP_HOME", "NVM_DIR", "PYENV_ROOT", "VIRTUAL_ENV"};

}  // namespace

std::string value_of(const Variables& environment, std::string_view name) {
  for (const auto& [key, value] : environment)
    if (key == name) return value;
  return {};
}

std::string user_name(const Variables& environment) {
  const std::string name = value_of(environment, "USER");
  const bool plain =
      !name.empty() && name.size() <= 32 && name != "root" &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
          std::string::npos;
  return plain ? name : "user";
}

bool suspicious_variable(std::string_view name) {
  std::string upper(name);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  auto has = [&](std::string_view part) { return upper.find(part) != std::string::npos; };
  auto begins = [&](std::string_view part) { return upper.rfind(part, 0) == 0; };
  auto ends = [&](std::string_view part) {
    return upper.size() >= part.size() &&
           upper.compare(upper.size() - part.size(), part.size(), part) == 0;
  };
  for (const char* part : {"KEY",
                           "TOKEN",
                           "SECRET",
                           "PASS",
                           "CREDENTIAL",
                           "AUTH",
                           "COOKIE",
                           "SSH_",
                           "GPG_",
                           "DBUS_",
                           "DISPLAY",
                           "WAYLAND",
                           "XDG_RUNTIME_DIR",
                           "DOCKER_",
                           "KUBE",
                           "GIT_DIR",
                           "GIT_WORK_TREE",
                           "BASH_ENV",
                           "PYTHONSTARTUP",
                           "NODE_OPTIONS"})
    if (has(part)) return true;
  for (const char* part : {"AWS_", "AZURE_", "GCP_", "GOOGLE_", "LD_"})
    if (begins(part)) return true;
  return ends("_PAT") || upper == "ENV";
}

Variables clean_environment(const SandboxOptions& options, const Policy& policy) {
  const Variables& host = options.environment;
  Variables clean;
  std::vector<std::string> path;
  for (const std::string& entry : split(value_of(host, "PATH"), ':'))
    if (!entry.empty() && visible(policy, fs::path(entry).lexically_normal().string()))
      path.push_back(entry);
  for (const std::string& entry : split(default_path, ':'))
    if (std::find(path.begin(), path.end(), entry) == path.end()) path.push_back(entry);
  clean.emplace_back("PATH", join(path, ":"));
  clean.emplace_back("HOME", policy.home);
  clean.emplace_back("USER", policy.user);
  clean.emplace_back("LOGNAME", policy.user);
  for (const auto& [name, value] : Variables{{"SHELL", "/bin/bash"},
                                             {"TERM", "dumb"},
                                             {"TMPDIR", "/tmp"},
                                             {"CI", "1"},
                                             {"GIT_TERMINAL_PROMPT", "0"},
                                             // Which git takes for a fault when it may not read it.
                                             {"GIT_CONFIG_NOSYSTEM", "1"},
                                             {"GIT_CONFIG_COUNT", "5"},
                                             {"GIT_CONFIG_KEY_0", "safe.directory"},
                                             {"GIT_CONFIG_VALUE_0", "*"},
                                             {"GIT_CONFIG_KEY_1", "user.name"},
                                             {"GIT_CONFIG_VALUE_1", "mixagent"},
                                             {"GIT_CONFIG_KEY_2", "user.email"},
                                             {"GIT_CONFIG_VALUE_2", "mixagent@localhost"},
                                             {"GIT_CONFIG_KEY_3", "init.defaultBranch"},
                                             {"GIT_CONFIG_VALUE_3", "main"},
                                             {"GIT_CONFIG_KEY_4", "gc.auto"},
                                             {"GIT_CONFIG_VALUE_4", "0"}})
    clean.emplace_back(name, value);
  for (const auto& [name, value] : host) {
    const bool locale = name.rfind("LC_", 0) == 0;
    const bool plain =
        std::find(passed_names.begin(), passed_names.end(), name) != passed_names.end();
    if ((locale || plain) && !suspicious_variable(name)) clean.emplace_back(name, value);
    const bool folder =
        std::find(folder_variables.begin(), folder_variables.end(), name) != folder_variables.end();
    if (folder && visible(policy, value)) clean.emplace_back(name, value);
  }
  if (value_of(clean, "LANG").empty()) clean.emplace_back("LANG", "C.UTF-8");
  for (const std::string& name : options.config.env_pass)
    for (const auto& [key, value] : host)
      if (key == name && value_of(clean, key).empty()) clean.emplace_back(key, value);
  return clean;
}

}  // namespace mixagent
