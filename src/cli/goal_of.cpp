#include "cli/goal_of.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/detect_here.h"
#include "core/codecs.h"
#include "system/git.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>

namespace mixagent {

namespace {

constexpr std::size_t longest_goal = 200'000;  // bytes

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail(ErrorCode::usage, "cannot be read", path, "check the name and the permissions");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

template <class E>
Result<E> parse_choice(const std::string& text, const std::string& flag) {
  const auto names = enum_names(E{});
  std::vector<std::string> all;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<E>(i);
    all.emplace_back(names[i]);
  }
  return fail(ErrorCode::usage, "'" + text + "' is none of " + join(all, ", "), flag);
}

tl::unexpected<Error> no_goal() {
  return fail(ErrorCode::usage, "no goal was given", "mixagent run",
              "say what to do: mixagent run \"add pagination to the API\"");
}

Result<std::string> goal_text(const RunOptions& options) {
  if (!options.goal_file.empty()) return read_text(options.goal_file);
  if (options.goal == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  return options.goal;
}

// {goal, base, plan}, or the bare plan.
Result<void> take_plan(const RunOptions& options, Goal& goal) {
  MIX_TRY(const std::string text, read_text(options.plan_file));
  MIX_TRY(const Json document, parse_json(text));
  const bool wrapped = document.is_object() && document.contains("plan");
  std::vector<std::string> warnings;
  auto plan = decode_plan(dump_json(wrapped ? document["plan"] : document), warnings);
  if (!plan)
    return fail(ErrorCode::usage, describe(plan.error()), options.plan_file,
                "write it with `mixagent plan -o FILE`");
  goal.plan = std::move(*plan);
  if (trim(goal.text).empty() && wrapped) goal.text = string_or(document, "goal");
  return {};
}

std::vector<Check> checks_of(const RunOptions& options, const Config& config,
                             const std::filesystem::path& root, const CliContext& context,
                             Processes& processes) {
  std::vector<Check> checks;
  for (const std::string& command : options.checks) {
    Check check;
    check.command = command;
    check.origin = CheckOrigin::user;
    check.timeout_s = config.sandbox.timeout_s;
    checks.push_back(std::move(check));
  }
  if (!checks.empty()) return checks;
  checks = config.verify.checks;
  for (Check& check : checks) check.origin = CheckOrigin::user;
  if (!checks.empty()) return checks;
  return detect_here(root, context.env, processes).checks;
}

// Before anything is paid: a result that cannot be delivered is worth little.
Result<void> check_branch(const Goal& goal, Processes& processes) {
  if (goal.branch.empty()) return {};
  const Git git(processes, goal.repository);
  MIX_TRY(const Exit form, git.run({"check-ref-format", "--branch", goal.branch}));
  if (form.code != 0)
    return fail(ErrorCode::usage, "'" + goal.branch + "' is no name of a branch", "--branch",
                "letters, digits, - and / are fine: --branch mixagent/pagination");
  MIX_TRY(const Exit there,
          git.run({"rev-parse", "--quiet", "--verify", "refs/heads/" + goal.branch}));
  if (there.code == 0)
    return fail(ErrorCode::usage, "the branch '" + goal.branch + "' is already there", "--branch",
                "name a new one");
  return {};
}

}  // namespace

Result<Goal> goal_of(const RunOptions& options, const Config& config,
                     const std::filesystem::path& root, const CliContext& context,
                     Processes& processes) {
  Goal goal;
  MIX_TRY(goal.text, goal_text(options));
  if (!options.plan_file.empty()) MIX_OK(take_plan(options, goal));
  goal.text = std::string(trim(repair_utf8(goal.text)));
  if (goal.text.empty()) return no_goal();
  if (goal.text.size() > longest_goal)
    return fail(ErrorCode::usage, "the goal is longer than 200,000 bytes", "GOAL",
                "name files of the repository instead of quoting them");
  goal.repository = root;
  const auto focus = options.directory.lexically_relative(root).generic_string();
  goal.focus = focus.empty() || focus.rfind("..", 0) == 0 ? "." : focus;
  goal.checks = checks_of(options, config, root, context, processes);
  goal.lane = config.run.lane;
  if (!options.lane.empty()) {
    MIX_TRY(goal.lane, parse_choice<Lane>(options.lane, "--lane"));
  }
  goal.require = context.interactive ? Verified::none : Verified::partial;
  if (!options.require.empty()) {
    MIX_TRY(goal.require, parse_choice<Verified>(options.require, "--require"));
  }
  goal.max_steps = options.max_steps;
  goal.dry_run = options.dry_run;
  goal.deliver = !options.no_apply;
  goal.ask_before_apply = !options.yes;
  goal.ask_before_work = context.interactive && !options.yes;
  goal.patch_file = options.patch_file;
  goal.branch = options.branch;
  goal.commit = options.commit;
  MIX_OK(check_branch(goal, processes));
  return goal;
}

Result<void> check_flags(const RunOptions& options) {
  const bool has_goal =
      !trim(options.goal).empty() || !options.goal_file.empty() || !options.plan_file.empty();
  if (!has_goal) return no_goal();
  if (!options.lane.empty()) MIX_OK(parse_choice<Lane>(options.lane, "--lane"));
  if (!options.require.empty()) MIX_OK(parse_choice<Verified>(options.require, "--require"));
  return {};
}

Result<void> override_goal(const RunOptions& options, const CliContext& context, Goal& goal) {
  if (!options.require.empty()) {
    MIX_TRY(goal.require, parse_choice<Verified>(options.require, "--require"));
  }
  if (options.no_apply) goal.deliver = false;
  if (options.apply) goal.deliver = true;
  if (!options.patch_file.empty()) goal.patch_file = options.patch_file;
  if (!options.branch.empty()) goal.branch = options.branch;
  if (options.commit) goal.commit = true;
  if (options.max_steps > 0) goal.max_steps = options.max_steps;
  goal.ask_before_apply = context.interactive && !options.yes;
  goal.ask_before_work = goal.ask_before_apply;
  return {};
}

Result<std::int64_t> parse_duration(const std::string& text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const std::string unit = text.substr(digits);
  const std::int64_t factor = unit.empty() || unit == "s" ? 1
                              : unit == "m"               ? 60
                              : unit == "h"               ? 3600
                                                          : 0;
  if (digits == 0 || digits > 9 || factor == 0) {
    return fail(ErrorCode::usage, "'" + text + "' is no duration", "--timeout",
                "write 90s, 30m or 2h");
  }
  return std::stoll(text.substr(0, digits)) * factor;
}

}  // namespace mixagent
