#include "system/folders.h"

#include "base/digest.h"

namespace mixagent {
namespace {

// Relative values are invalid by the XDG specification and are ignored.
std::filesystem::path folder(const Environment& env, const char* variable, const char* below_home) {
  const auto absolute = [&env](const char* name) {
    const auto found = env.find(name);
    return found != env.end() && !found->second.empty() && found->second.front() == '/'
               ? std::filesystem::path(found->second)
               : std::filesystem::path();
  };
  if (const auto given = absolute(variable); !given.empty()) return given / "mixagent";
  const auto home = absolute("HOME");
  return (home.empty() ? std::filesystem::path("/") : home) / below_home / "mixagent";
}

}  // namespace

std::filesystem::path config_folder(const Environment& env) {
  return folder(env, "XDG_CONFIG_HOME", ".config");
}

std::filesystem::path state_folder(const Environment& env) {
  return folder(env, "XDG_STATE_HOME", ".local/state");
}

std::filesystem::path cache_folder(const Environment& env) {
  return folder(env, "XDG_CACHE_HOME", ".cache");
}

std::string repository_name(const std::filesystem::path& root) {
  const auto path = root.has_filename() ? root : root.parent_path();
  std::string name = path.filename().string();
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (!plain) c = '_';
  }
  if (name.empty() || name.front() == '.') name.insert(0, "_");
  return name.substr(0, 60) + "-" + sha256_hex(path.string()).substr(0, 8);
}

}  // namespace mixagent
