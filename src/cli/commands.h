#pragma once
// The commands as plain functions over plain structs. Options are parsed in cli/options.cpp; the
// real parts come from cli/wiring.cpp. Every function returns the exit status.

#include "config/load.h"
#include "core/drift.h"
#include "provider/model_list.h"

#include "mixagent/chat_model.h"
#include "mixagent/process.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mixagent {

struct CliContext {
  std::ostream& out;
  std::ostream& err;
  std::map<std::string, std::string> env;
  std::filesystem::path cwd;
  bool color = false;
  bool interactive = false;
};

// What every command that reads the configuration takes from the command line.
struct ConfigFlags {
  std::vector<std::string> overrides;      // -c key=value
  std::vector<std::string> seats;          // --seat NAME=MODEL
  std::vector<ConfigSources::Flag> flags;  // --max-budget-usd and the like
  bool allow_unpriced = false;
};

// The root of the repository that holds `directory` (the nearest folder with .git), or empty.
std::filesystem::path find_repository(const std::filesystem::path& directory);
// Reads the user's and the project's files and the trust list; root may be empty.
Result<ConfigSources> gather_sources(const CliContext& context, const std::filesystem::path& root,
                                     const ConfigFlags& flags);
// Writes an error as one escaped line, with its hint, and returns its exit status.
int report_error(const Error& error, CliContext& context);

struct InitOptions {
  bool force = false;
  ConfigFlags config;
};
int cmd_init(const InitOptions& options, CliContext& context);

struct DoctorOptions {
  bool offline = false;  // no call per seat
  ConfigFlags config;
  Processes* processes = nullptr;                                     // for git, ctags, bubblewrap
  std::function<std::unique_ptr<ChatModels>(const Config&)> connect;  // empty: as offline
  std::function<std::vector<std::string>()>
      sandbox_lines;  // what this machine can isolate, for people
};
int cmd_doctor(const DoctorOptions& options, CliContext& context);

struct ConfigOptions {
  bool show_origin = false;
  bool trust = false;    // config trust
  bool untrust = false;  // config trust --remove
  std::string key;       // config KEY: this one only (a prefix is enough)
  ConfigFlags config;
};
int cmd_config(const ConfigOptions& options, CliContext& context);

struct ModelsOptions {
  std::string filter;    // part of a name, family or provider
  bool all = false;      // those without a key too, and all that providers list
  bool refresh = false;  // ask the providers although the cache is young
  bool offline = false;  // never ask them
  bool drift = false;    // how tokens are counted now and were before
  ConfigFlags config;
  // A provider's own list; empty: as offline.
  std::function<Result<std::vector<ListedModel>>(const Provider&)> fetch;
  std::function<Result<TokenSamples>()> samples;  // of all runs
};
int cmd_models(const ModelsOptions& options, CliContext& context);

struct SeatsOptions {
  ConfigFlags config;
};
int cmd_seats(const SeatsOptions& options, CliContext& context);

// Looking at runs. `run` is a beginning of an id, a run's directory, or empty for the newest;
// `directory` is where to look for the repository (-C, absolute); outside of one, all runs are
// looked through.
struct RunsOptions {
  std::filesystem::path directory;
  bool all = false;  // of every repository
  int limit = 20;    // 0: no limit
  bool json = false;
};
int cmd_runs(const RunsOptions& options, CliContext& context);

struct ShowOptions {
  std::filesystem::path directory;
  std::string run, step;  // "prompt" NAME: the effective text of a prompt
  bool json = false;
};
int cmd_show(const ShowOptions& options, CliContext& context);

struct DiffOptions {
  std::filesystem::path directory;
  std::string run;
  bool json = false;
};
// What the run delivered, or would deliver: the snapshot against the tree of its last integration.
int cmd_diff(const DiffOptions& options, CliContext& context);

// One command under the policy of a run's step, in a throw-away copy of the repository.
struct SandboxRunOptions {
  std::filesystem::path directory;
  ConfigFlags config;              // --sandbox, --memory-mb, --disk-mb among its flags
  std::vector<std::string> words;  // COMMAND ARG...
  int timeout_s = 0;               // 0: as a step's
  bool apply = false;              // what it changed goes into the working tree
  std::string report, flags;       // files to write, or empty
};
int cmd_sandbox(const SandboxRunOptions& options, CliContext& context);

struct ContextCommandOptions {
  std::filesystem::path directory;
  std::string goal;         // "-": from standard input
  std::int64_t budget = 0;  // estimated tokens; 0: what a planner gets
  bool explain = false, json = false;
};
// What a planner would be shown for a goal. Needs no key and calls nobody.
int cmd_context(const ContextCommandOptions& options, CliContext& context);

struct CostOptions {
  std::filesystem::path directory;
  std::string run;  // empty: of all runs, against the caps of day and month
  bool json = false;
  ConfigFlags config;
};
int cmd_cost(const CostOptions& options, CliContext& context);

struct StatsOptions {
  std::string by = "seat+model";  // enum_names(StatsBy)
  std::int64_t days = 0;          // the last so many; 0: since ever
  bool rebuild = false;           // the ledger from the journals, from nothing
  bool json = false;
};
int cmd_stats(const StatsOptions& options, CliContext& context);

struct ReportOptions {
  std::filesystem::path directory;
  std::string run;       // empty: the newest
  std::string out_file;  // -o; empty: standard output
  bool json = false;     // what `show --json` says
};
int cmd_report(const ReportOptions& options, CliContext& context);

}  // namespace mixagent
