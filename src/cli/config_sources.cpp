#include "base/text.h"
#include "cli/commands.h"
#include "cli/config_files.h"
#include "engine/finish.h"
#include "system/files.h"
#include "system/folders.h"

#include <algorithm>
#include <ostream>

namespace mixagent {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_bytes = 1 << 20;

// Missing is fine; unreadable is not.
Result<std::optional<ConfigText>> read_optional(const fs::path& path, const std::string& shown) {
  if (!file_exists(path)) return std::optional<ConfigText>();
  MIX_TRY(std::string text, read_file(path, most_bytes));
  return std::optional<ConfigText>(ConfigText{shown, std::move(text)});
}

// NAME -> text of every FOLDER/NAME<extension>.
Result<void> read_folder(const fs::path& folder, const std::string& prefix,
                         const std::string& extension, std::map<std::string, ConfigText>& texts) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != extension) continue;
    MIX_TRY(std::string text, read_file(it->path(), most_bytes));
    texts[prefix + it->path().stem().string()] = {it->path().string(), std::move(text)};
  }
  return {};  // a folder that is not there holds nothing
}

}  // namespace

fs::path find_repository(const fs::path& directory) {
  std::error_code error;
  for (fs::path at = fs::absolute(directory, error).lexically_normal(); !error;
       at = at.parent_path()) {
    if (fs::exists(at / ".git", error)) return at;
    if (at == at.parent_path()) break;
  }
  return {};
}

fs::path user_config_file(const Environment& env) {
  return config_folder(env) / "config.toml";
}

fs::path trust_file(const Environment& env) {
  return state_folder(env) / "trusted";
}

std::vector<std::string> trusted_folders(const Environment& env) {
  const auto text = read_file(trust_file(env), most_bytes);
  return text ? split_lines(*text) : std::vector<std::string>{};
}

bool is_trusted(const Environment& env, const fs::path& root) {
  const auto folders = trusted_folders(env);
  return std::find(folders.begin(), folders.end(), root.string()) != folders.end();
}

Result<std::map<std::string, ConfigText>> read_prompt_overrides(const Environment& env) {
  std::map<std::string, ConfigText> texts;
  const fs::path folder = config_folder(env) / "prompts";
  MIX_OK(read_folder(folder, "", ".md", texts));
  MIX_OK(read_folder(folder / "parts", "parts/", ".md", texts));
  return texts;
}

Result<ConfigSources> gather_sources(const CliContext& context, const fs::path& root,
                                     const ConfigFlags& flags) {
  ConfigSources sources;
  const fs::path user = user_config_file(context.env);
  MIX_TRY(sources.user, read_optional(user, user.string()));
  if (!root.empty()) {
    MIX_TRY(sources.project, read_optional(root / "mixagent.toml", "mixagent.toml"));
    sources.project_trusted = is_trusted(context.env, root);
  }
  MIX_OK(read_folder(config_folder(context.env) / "agents", "", ".toml", sources.agents));
  sources.env = context.env;
  sources.overrides = flags.overrides;
  sources.flags = flags.flags;
  sources.seats = flags.seats;
  sources.allow_unpriced = flags.allow_unpriced;
  return sources;
}

Result<LoadedConfig> load_for(const CliContext& context, const ConfigFlags& flags,
                              bool need_models) {
  MIX_TRY(const ConfigSources sources,
          gather_sources(context, find_repository(context.cwd), flags));
  return load_config(sources, need_models);
}

int report_error(const Error& error, CliContext& context) {
  context.err << "mixagent: " << escape_terminal_line(describe(error)) << "\n";
  return exit_code_of(subtype_of(error));
}

}  // namespace mixagent
