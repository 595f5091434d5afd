#pragma once
// The composition root: the only place that knows which real part stands behind which port. Owned
// by one command; everything it hands out lives as long as it does.

#include "cli/commands.h"
#include "context/context.h"
#include "journal/check_memory.h"
#include "journal/journal_file.h"
#include "journal/ledger.h"
#include "system/clock_system.h"
#include "system/process_posix.h"

#include "mixagent/context.h"
#include "mixagent/goal.h"
#include "mixagent/http.h"
#include "mixagent/prompts.h"
#include "mixagent/sandbox.h"
#include "mixagent/tools.h"
#include "mixagent/workspace.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace mixagent {

// The folders of one repository.
struct Places {
  std::filesystem::path root;    // of the working tree
  std::filesystem::path config;  // the user's
  std::filesystem::path state;   // of all repositories
  std::filesystem::path cache;   // of this repository: content store, work folders
  std::filesystem::path runs;    // of this repository
};
Places places_for(const CliContext& context, const std::filesystem::path& root);

// The root above `directory`, or an Error usage that says `git init`.
Result<std::filesystem::path> need_repository(const std::filesystem::path& directory);

// Values that must never be written: of variables whose names say so, and of the providers' keys.
std::vector<Secret> secrets_of(const std::map<std::string, std::string>& env, const Lineup& lineup);

std::unique_ptr<ChatModels> connect_models(const Lineup& lineup,
                                           const std::map<std::string, std::string>& env,
                                           Processes& processes, Clock& clock, Random& random);

// A provider's own list of models, asked with its key.
Result<std::vector<ListedModel>> list_models(const Provider& provider,
                                             const std::map<std::string, std::string>& env,
                                             Processes& processes);
// What all runs of this user tell about tokens.
Result<TokenSamples> token_samples(const CliContext& context, Clock& clock);

struct Machine {
  SystemClock clock;
  SystemRandom random;
  ProcessesPosix processes;
  std::unique_ptr<Prompts> prompts;
  std::unique_ptr<Context> context;
  std::unique_ptr<ChatModels> models;
  std::unique_ptr<Sandbox> sandbox;
  std::unique_ptr<Workspaces> workspaces;
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<CheckMemory> memory;
};

// What this machine can isolate, a line a probe, for `doctor`.
std::vector<std::string> sandbox_lines(const CliContext& context, Processes& processes);

// Workspaces alone: for commands that only look at or apply a run.
Result<std::unique_ptr<Workspaces>> open_workspaces(const Places& places, const Config& config,
                                                    const std::filesystem::path& run_directory,
                                                    Processes& processes);
// Sandbox and workspaces: what a command needs that asks no model. Error sandbox (exit 8) when the
// asked isolation is not available.
Result<std::unique_ptr<Machine>> build_workshop(const CliContext& context, const Places& places,
                                                const Config& config,
                                                const std::filesystem::path& run_directory);
// Everything for a run. Error sandbox (exit 8) when the asked isolation is not available.
Result<std::unique_ptr<Machine>> build_machine(const CliContext& context, const Places& places,
                                               const Config& config,
                                               const std::filesystem::path& run_directory);

// How models' context is curated here.
ContextOptions context_options(const CliContext& context, const Places& places,
                               Processes& processes);

// A machine that only has workspaces: for a run that is over.
Result<std::unique_ptr<Machine>> look_only(const Places& places, const Config& config,
                                           const std::filesystem::path& run_directory);

}  // namespace mixagent
