#include "base/text.h"
#include "base/toml.h"
#include "cli/config_files.h"
#include "cli/detect_here.h"
#include "config/catalog.h"
#include "config/lineup.h"
#include "system/files.h"
#include "system/process_posix.h"

#include <ostream>

namespace mixagent {

namespace {

std::string quoted_list(const std::vector<std::string>& items) {
  std::vector<std::string> quoted;
  for (const std::string& item : items) quoted.push_back(quote_toml(item));
  return "[" + join(quoted, ", ") + "]";
}

std::string verify_section(const Detected& detected) {
  std::vector<std::string> commands;
  for (const Check& check : detected.checks) {
    const std::string command = quote_toml(check.command);
    commands.push_back(check.results.empty() ? command
                                             : "{ command = " + command + ", results = " +
                                                   quote_toml(check.results) + " }");
  }
  std::string text =
      "[verify]\n# Commands that decide whether work is accepted: exit 0 is a pass.\n";
  text += commands.empty() ? "# checks = [\"make test\"]\n"
                           : "checks = [" + join(commands, ", ") + "]\n";
  text += "# Commands that prepare a workspace, and the files whose change makes them run again.\n";
  if (detected.setup.empty()) {
    text += "# setup = [\"npm ci\"]\n# setup_inputs = [\"package.json\", \"package-lock.json\"]\n";
  } else {
    text += "# The network they need is granted in your own configuration: sandbox.allow_hosts.\n";
    text += "# setup = " + quoted_list(detected.setup) +
            "\n# setup_inputs = " + quoted_list(detected.setup_inputs) + "\n";
  }
  return text +
         "# Formatters that run before the checks; their changes join the result.\n"
         "# fix = [\"npm run format\"]\n"
         "# Paths that workers may not change.\n"
         "# protect = [\"tests/golden/**\"]\n";
}

std::string seats_section(const Lineup& lineup) {
  const auto ladder = [&](const char* seat, const char* example) {
    const auto& models = lineup.seats.at(seat).ladder;
    return models.empty() ? std::string(example) : quoted_list(models);
  };
  const auto first = [&](const char* seat, const char* example) {
    const auto& models = lineup.seats.at(seat).ladder;
    return quote_toml(models.empty() ? example : models.front());
  };
  return "# Who sits where. Without these lines the best models that your keys reach are taken, as "
         "shown here.\n"
         "# [seats.planner]\n# model = " +
         first("planner", "anthropic/claude-opus-5") +
         "\n"
         "# [seats.worker]\n# ladder = " +
         ladder("worker", "[\"deepseek/deepseek-v4-pro\", \"openai/gpt-5.4\"]") +
         "\n"
         "# [seats.reviewer]\n# model = " +
         first("reviewer", "google/gemini-3.6-flash") + "\n";
}

std::string project_file(const Detected& detected, const Lineup& lineup) {
  return "# How mixagent works on this repository. `mixagent config` lists every key with its "
         "meaning.\n"
         "# Providers, keys and anything that loosens the sandbox or a cap belong into your own "
         "config.toml.\n\n" +
         verify_section(detected) + "\n" +
         "[budget]\n# Lower than your own caps, never higher.\n# run_usd = 1.00\n# step_usd = "
         "0.25\n\n"
         "[run]\n# Steps at the same time.\n# jobs = 4\n\n" +
         seats_section(lineup);
}

std::vector<std::string> keys_found(const Environment& env) {
  std::vector<std::string> found;
  for (const Provider& provider : catalog_providers()) {
    if (reachable(provider, env)) found.push_back(provider.api_key_env);
  }
  return found;
}

void say_what_was_found(const Detected& detected, const LoadedConfig& loaded, CliContext& context) {
  const auto keys = keys_found(context.env);
  context.err << "keys:   " << (keys.empty() ? "none" : join(keys, ", ")) << "\n";
  for (const Check& check : detected.checks) {
    context.err << "check:  " << escape_terminal_line(check.command) << "\n";
  }
  if (detected.checks.empty())
    context.err << "check:  none found; add your test command to [verify] checks\n";
  for (const std::string& line : detected.missing) {
    context.err << "note:   " << escape_terminal_line(line) << "\n";
  }
  const std::string lineup =
      describe_lineup(loaded.config.lineup, {"planner", "worker", "reviewer"});
  if (!lineup.empty()) context.err << "seats:  " << escape_terminal_line(lineup) << "\n";
  if (keys.empty() && lineup.empty()) {
    context.err << "next:   export a key, for example ANTHROPIC_API_KEY or OPENROUTER_API_KEY, "
                   "then `mixagent doctor`\n";
  } else {
    context.err << "next:   mixagent doctor, then mixagent run \"what you want\"\n";
  }
}

Result<void> init(const InitOptions& options, CliContext& context) {
  const std::filesystem::path root = find_repository(context.cwd);
  if (root.empty()) {
    return fail(ErrorCode::usage, "this is not a git repository", context.cwd.string(),
                "run `git init` first");
  }
  const std::filesystem::path file = root / "mixagent.toml";
  if (file_exists(file) && !options.force) {
    return fail(ErrorCode::usage, "the file exists already", file.string(),
                "mixagent init --force replaces it");
  }
  MIX_TRY(ConfigSources sources, gather_sources(context, root, options.config));
  sources.project.reset();  // the old one is about to go
  MIX_TRY(const LoadedConfig loaded, load_config(sources, false));
  ProcessesPosix processes;
  const Detected detected = detect_here(root, context.env, processes);
  const std::string text = project_file(detected, loaded.config.lineup);
  sources.project = ConfigText{"mixagent.toml", text};
  MIX_OK(load_config(sources, false));
  MIX_OK(write_atomically(file, text, 0644));
  context.err << "wrote   " << escape_terminal_line(file.string()) << "\n";
  say_what_was_found(detected, loaded, context);
  return {};
}

}  // namespace

int cmd_init(const InitOptions& options, CliContext& context) {
  const auto done = init(options, context);
  return done ? 0 : report_error(done.error(), context);
}

}  // namespace mixagent
