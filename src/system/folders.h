#pragma once
// Where mixagent keeps its things, from the environment: configuration, what must last, and what
// can be made again. Pure.

#include <filesystem>
#include <map>
#include <string>

namespace mixagent {

using Environment = std::map<std::string, std::string>;

std::filesystem::path config_folder(const Environment& env);  // $XDG_CONFIG_HOME/mixagent
std::filesystem::path state_folder(const Environment& env);   // $XDG_STATE_HOME/mixagent
std::filesystem::path cache_folder(const Environment& env);   // $XDG_CACHE_HOME/mixagent

// The name of a repository below those folders: "shop-1a2b3c4d", from its absolute path.
std::string repository_name(const std::filesystem::path& root);

}  // namespace mixagent
