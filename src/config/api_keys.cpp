#include "config/api_keys.h"

#include "base/text.h"
#include "config/lineup.h"

#include <algorithm>
#include <set>

namespace mixagent {

namespace {

constexpr std::size_t shortest_secret = 12;

bool named_like_secret(const std::string& name) {
  const std::string text = lower(name);
  for (const char* word : {"key", "token", "secret", "passw", "credential", "auth"}) {
    if (text.find(word) != std::string::npos) return true;
  }
  return false;
}

Result<std::string> key_of_command(const Provider& provider, const Environment& env,
                                   Processes& processes, const Cancel& cancel) {
  Command command;
  command.argv = {"/bin/sh", "-c", provider.api_key_cmd};
  command.env.assign(env.begin(), env.end());
  command.timeout = std::chrono::seconds(60);
  const std::string where = "providers." + provider.name + ".api_key_cmd";
  auto exit = processes.run(command, cancel);
  if (!exit)
    return fail(ErrorCode::auth, "the command could not be started: " + exit.error().what, where);
  const auto lines = split_lines(exit->out);
  const std::string key = lines.empty() ? std::string() : std::string(trim(lines.front()));
  if (exit->code != 0 || key.empty()) {
    return fail(ErrorCode::auth,
                exit->code != 0 ? "the command failed with exit code " + std::to_string(exit->code)
                                : "the command printed nothing",
                where, "run it in a shell: " + provider.api_key_cmd);
  }
  return key;
}

}  // namespace

Result<std::string> key_for(const Provider& provider, const Environment& env, Processes& processes,
                            const Cancel& cancel) {
  if (provider.dialect == Dialect::replay) return std::string();
  const auto found = env.find(provider.api_key_env);
  if (found != env.end()) {
    if (std::string key(trim(found->second)); !key.empty()) return key;
  }
  if (!provider.api_key_cmd.empty()) return key_of_command(provider, env, processes, cancel);
  if (reachable_without_key(provider)) return std::string();
  return fail(ErrorCode::auth, provider.api_key_env + " is not set", "provider " + provider.name,
              "export it, or set providers." + provider.name + ".api_key_cmd");
}

std::vector<std::string> known_secrets(const Environment& env, const Lineup& lineup) {
  std::set<std::string> names;
  for (const auto& [name, provider] : lineup.providers) names.insert(provider.api_key_env);
  std::set<std::string> values;
  for (const auto& [name, value] : env) {
    const bool secret = names.count(name) != 0 || named_like_secret(name);
    const std::string text(trim(value));
    // Paths and addresses of sockets are named like secrets too (SSH_AUTH_SOCK, XAUTHORITY).
    if (secret && text.size() >= shortest_secret && text.front() != '/') values.insert(text);
  }
  std::vector<std::string> sorted(values.begin(), values.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  return sorted;
}

}  // namespace mixagent
