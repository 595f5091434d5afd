#pragma once
// Where the configuration lies, and which folders the user trusts.

#include "cli/commands.h"
#include "system/folders.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace mixagent {

std::filesystem::path user_config_file(const Environment& env);
// One absolute path a line, in the user's state.
std::filesystem::path trust_file(const Environment& env);
std::vector<std::string> trusted_folders(const Environment& env);
bool is_trusted(const Environment& env, const std::filesystem::path& root);

// The user's prompts, for PromptFiles::open.
Result<std::map<std::string, ConfigText>> read_prompt_overrides(const Environment& env);

// The configuration around the current directory.
Result<LoadedConfig> load_for(const CliContext& context, const ConfigFlags& flags,
                              bool need_models);

}  // namespace mixagent
