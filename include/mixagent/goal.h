#pragma once
// What the user asked for, with everything that decides how far a run may go. Made by the command
// line, read by the engine.

#include "mixagent/config.h"
#include "mixagent/plan.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

struct Goal {
  std::string text;
  std::filesystem::path repository;  // absolute path of the working tree's root
  std::string focus = ".";           // -C below the root
  std::vector<Check> checks;  // --check, else [verify] checks, else detected; origin says which
  std::optional<Plan> plan;   // run --plan FILE
  Lane lane = Lane::automatic;
  Verified require = Verified::none;
  int max_steps = 0;              // 0: no cap
  bool dry_run = false;           // plan and price only
  bool deliver = true;            // --no-apply: keep in the run
  bool ask_before_apply = false;  // terminal without -y
  bool ask_before_work = false;   // the same: a plan is shown with its price before workers start
  std::string patch_file;         // --patch FILE instead of the working tree
  std::string branch;             // --branch NAME instead of the working tree
  bool commit = false;            // --commit: on top of HEAD
  std::string user;               // who asks: a login name, may be empty
  std::string record;             // blob of goal and configuration, for resume
};

}  // namespace mixagent
