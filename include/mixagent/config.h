#pragma once
// The effective configuration, after all layers (config/load.cpp). Plain values with the defaults
// of PROTOCOLS 5 and 6.

#include "mixagent/model.h"
#include "mixagent/plan.h"
#include "mixagent/result.h"
#include "mixagent/sandbox.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

enum class Lane { automatic, solo, plan };
constexpr std::array<std::string_view, 3> enum_names(Lane) {
  return {"auto", "solo", "plan"};
}

enum class NetworkMode { none, proxy, host };
constexpr std::array<std::string_view, 3> enum_names(NetworkMode) {
  return {"none", "proxy", "host"};
}

struct BudgetConfig {
  std::optional<Money> run, step, day, month;  // defaults 2.00, 0.50, 20.00, none
  std::map<std::string, Money> seats;          // caps of single seats, by name
  double escalation_reserve = 0.30;            // share of `run` kept for rungs above the first
};

struct VerifyConfig {
  std::vector<std::string> setup, setup_inputs, fix, protect, known_failing;
  std::vector<Check> checks;
  int check_jobs = 1;
  bool refuse_flagged = false;
};

struct SandboxConfig {
  Isolation isolation = Isolation::full;
  NetworkMode network = NetworkMode::none;
  std::vector<std::string> allow_hosts, read_only, writable, env_pass, unix_sockets;
  // Ignored folders that come along, so that checks run in a copy as they do at home.
  std::vector<std::string> carry = {"node_modules", ".venv", "venv", "vendor", "target", "build"};
  std::map<std::string, std::string> cache;  // path -> "ro", "private", "rw"
  int memory_mb = 4096, timeout_s = 600, disk_mb = 8192, processes = 512;
};

struct ReviewConfig {
  bool enabled = true;
  double accept_score = 0.7;
  bool adaptive = false;  // accept_score = "adaptive"
  std::map<std::string, double> accept_by_action;
  int rounds = 2;
};

struct RunConfig {
  int jobs = 4;
  Lane lane = Lane::automatic;
  int max_plan_steps = 500;
};

struct Config {
  Lineup lineup;  // providers, models and seats: built in, then configured
  BudgetConfig budget;
  VerifyConfig verify;
  SandboxConfig sandbox;
  ReviewConfig review;
  RunConfig run;
  bool planner_allow_code = false;
};

}  // namespace mixagent
