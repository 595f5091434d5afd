#pragma once
// run, plan, apply: the commands that need the whole machine.

#include "cli/commands.h"

#include "mixagent/config.h"
#include "mixagent/result.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

enum class OutputFormat { text, json, stream_json };
constexpr std::array<std::string_view, 3> enum_names(OutputFormat) {
  return {"text", "json", "stream-json"};
}

struct RunOptions {
  std::string goal;                 // "-": standard input
  std::string goal_file;            // -f
  std::string plan_file;            // --plan
  std::filesystem::path directory;  // -C, absolute
  ConfigFlags config;
  std::vector<std::string> checks;  // --check
  std::string lane;                 // --lane, empty: the configuration's
  std::string require;              // --require, empty: by terminal
  std::int64_t timeout_s = 0;       // --timeout, 0: none
  int max_steps = 0;
  OutputFormat format = OutputFormat::text;
  std::string result_file;  // -o
  std::string patch_file, branch, summary_file, run_directory;
  bool commit = false, apply = false, no_apply = false, dry_run = false, yes = false,
       no_review = false;
  bool resume = false;  // go on with `run` instead of beginning one
  std::string run;      // resume: beginning of an id, a run's directory, or empty for the newest
  int verbosity = 0;    // -1 quiet, 0 normal, 1.. verbose
  int log_level = 0;
};
int cmd_run(const RunOptions& options, CliContext& context);

struct PlanOptions {
  RunOptions run;        // dry_run is set
  std::string out_file;  // -o plan.json
};
int cmd_plan(const PlanOptions& options, CliContext& context);

struct ApplyOptions {
  std::string run;  // empty: the newest
  bool verified_only = false;
  std::filesystem::path directory;
  ConfigFlags config;
};
int cmd_apply(const ApplyOptions& options, CliContext& context);
int cmd_undo(const ApplyOptions& options, CliContext& context);

}  // namespace mixagent
