#include "cli/wiring.h"

#include "cli/config_files.h"
#include "cli/isolate.h"
#include "cli/overlay_probe.h"
#include "config/api_keys.h"
#include "config/prompts.h"
#include "journal/run_index.h"
#include "journal/secrets.h"
#include "provider/client.h"
#include "provider/models.h"
#include "provider/replay.h"
#include "system/folders.h"
#include "system/git.h"
#include "system/http_curl.h"
#include "workspace/workspaces.h"

#include <fmt/core.h>

#include <chrono>

namespace mixagent {

namespace {

// The network and the recorded answers behind one door. Keys are looked up when they are needed and
// remembered here.
class ConnectedModels final : public ChatModels {
 public:
  ConnectedModels(const Lineup& lineup, std::map<std::string, std::string> env,
                  Processes& processes, Clock& clock, Random& random)
      : env_(std::move(env)),
        processes_(processes),
        scrubber_(secrets_of(env_, lineup)),
        replay_(lineup, clock,
                [this](std::string_view recorded) { return scrubber_.restore(recorded); }),
        client_(
            lineup, [this](const Provider& provider) { return key_of(provider); }, http_, clock,
            random),
        router_(lineup, replay_, client_, clock) {}

  Result<ChatReply> ask(const ChatRequest& request, CallObserver& observer,
                        const Cancel& cancel) override {
    return router_.ask(request, observer, cancel);
  }

 private:
  Result<std::string> key_of(const Provider& provider) {
    const std::lock_guard lock(mutex_);
    const auto known = keys_.find(provider.name);
    if (known != keys_.end()) return known->second;
    MIX_TRY(std::string key, key_for(provider, env_, processes_, Cancel{}));
    return keys_[provider.name] = std::move(key);
  }

  const std::map<std::string, std::string> env_;
  Processes& processes_;
  std::mutex mutex_;
  std::map<std::string, std::string> keys_;
  HttpCurl http_;
  const Scrubber scrubber_;
  ReplayModels replay_;
  Client client_;
  ModelRouter router_;
};

WorkspaceOptions workspace_options(const Places& places, const Config& config,
                                   const std::filesystem::path& run_directory,
                                   std::optional<unsigned> uid) {
  WorkspaceOptions options;
  options.repository = places.root;
  options.cache = places.cache;
  options.work = places.cache / "work" / run_directory.filename();
  options.keep = run_directory / "store";
  if (uid) options.owner = Owner{*uid, *uid};
  options.carry = config.sandbox.carry;
  options.setup_inputs = config.verify.setup_inputs;
  return options;
}

}  // namespace

Places places_for(const CliContext& context, const std::filesystem::path& root) {
  Places places;
  places.root = root;
  places.config = config_folder(context.env);
  places.state = state_folder(context.env);
  places.cache = cache_folder(context.env) / repository_name(root);
  places.runs = runs_folder(places.state, root);
  return places;
}

Result<std::filesystem::path> need_repository(const std::filesystem::path& directory) {
  return find_repository_root(directory);
}

std::vector<Secret> secrets_of(const std::map<std::string, std::string>& env,
                               const Lineup& lineup) {
  std::vector<Secret> secrets;
  for (const std::string& value : known_secrets(env, lineup)) {
    secrets.push_back({fmt::format("{}", secrets.size() + 1), value});
  }
  for (Secret& secret : secrets) {
    for (const auto& [name, value] : env) {
      if (value == secret.value) secret.name = name;
    }
  }
  return secrets;
}

std::unique_ptr<ChatModels> connect_models(const Lineup& lineup,
                                           const std::map<std::string, std::string>& env,
                                           Processes& processes, Clock& clock, Random& random) {
  return std::make_unique<ConnectedModels>(lineup, env, processes, clock, random);
}

Result<std::vector<ListedModel>> list_models(const Provider& provider,
                                             const std::map<std::string, std::string>& env,
                                             Processes& processes) {
  MIX_TRY(const std::string key, key_for(provider, env, processes, Cancel{}));
  HttpCurl http;
  return fetch_model_list(provider, key, http, Cancel{});
}

Result<TokenSamples> token_samples(const CliContext& context, Clock& clock) {
  return Ledger(state_folder(context.env) / "ledger.db", clock).token_samples();
}

std::vector<std::string> sandbox_lines(const CliContext& context, Processes& processes) {
  const std::filesystem::path found = find_repository(context.cwd);
  return describe_isolation(
      context,
      {SandboxConfig{}, found.empty() ? context.cwd : found, cache_folder(context.env), {}},
      processes);
}

Result<std::unique_ptr<Workspaces>> open_workspaces(const Places& places, const Config& config,
                                                    const std::filesystem::path& run_directory,
                                                    Processes& processes) {
  return make_workspaces(workspace_options(places, config, run_directory, {}), processes);
}

Result<std::unique_ptr<Machine>> build_workshop(const CliContext& context, const Places& places,
                                                const Config& config,
                                                const std::filesystem::path& run_directory) {
#ifndef __SANITIZE_ADDRESS__  // whose leak check must look into this process
  harden_process();
#endif
  auto machine = std::make_unique<Machine>();
  MIX_TRY(machine->sandbox, isolate(context,
                                    {config.sandbox, places.root, cache_folder(context.env),
                                     places.cache / "work" / run_directory.filename()},
                                    machine->processes));
  auto options = workspace_options(places, config, run_directory, machine->sandbox->uid());
  options.overlays = config.sandbox.isolation == Isolation::full &&
                     overlays_serve(*machine->sandbox, options.work, places.root);
  MIX_TRY(machine->workspaces, make_workspaces(options, machine->processes));
  return machine;
}

Result<std::unique_ptr<Machine>> build_machine(const CliContext& context, const Places& places,
                                               const Config& config,
                                               const std::filesystem::path& run_directory) {
  MIX_TRY(const auto overrides, read_prompt_overrides(context.env));
  MIX_TRY(PromptFiles prompts, PromptFiles::open(overrides));
  MIX_TRY(auto machine, build_workshop(context, places, config, run_directory));
  machine->prompts = std::make_unique<PromptFiles>(std::move(prompts));
  machine->context =
      std::make_unique<CuratedContext>(context_options(context, places, machine->processes));
  machine->models = connect_models(config.lineup, context.env, machine->processes, machine->clock,
                                   machine->random);
  const auto path = context.env.find("PATH");
  std::string toolchain = toolchain_of(path == context.env.end() ? "" : path->second, places.root,
                                       config.sandbox.carry);
  toolchain += enum_name(config.sandbox.isolation);
  machine->memory = open_check_memory(places.cache / "checks", std::move(toolchain));
  machine->ledger = std::make_unique<Ledger>(places.state / "ledger.db", machine->clock,
                                             RunId{run_directory.filename().string()});
  return machine;
}

ContextOptions context_options(const CliContext& context, const Places& places,
                               Processes& processes) {
  const auto path = context.env.find("PATH");
  return {&processes, path == context.env.end() ? "/usr/bin:/bin" : path->second, places.root,
          places.cache / "map"};
}

Result<std::unique_ptr<Machine>> look_only(const Places& places, const Config& config,
                                           const std::filesystem::path& run_directory) {
  auto machine = std::make_unique<Machine>();
  MIX_TRY(machine->workspaces, open_workspaces(places, config, run_directory, machine->processes));
  return machine;
}

}  // namespace mixagent
