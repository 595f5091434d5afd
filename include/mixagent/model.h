#pragma once
// Where models live and what they cost. Data from the built-in catalogue (config/catalog) under the
// user's [providers] and [models].

#include "mixagent/message.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

struct Provider {
  std::string name;
  Dialect dialect = Dialect::openai_chat;
  std::string
      base_url;  // up to the dialect's own path; for `replay`: a scenario file or a run directory
  std::string api_key_env;   // name of a variable, never the key
  std::string api_key_cmd;   // a command that prints the key
  int max_concurrency = 0;   // 0: no limit
  int stall_timeout_s = 60;  // no byte for so long: the attempt is given up
  bool allow_http = false;
  int hedge_after_ms =
      0;  // no first byte for so long: the call is sent once more, the first answer wins; 0: never
  bool operator==(const Provider&) const = default;
};

enum class Protocol { native, text };
constexpr std::array<std::string_view, 2> enum_names(Protocol) {
  return {"native", "text"};
}
enum class EditFormat { automatic, whole, blocks };
constexpr std::array<std::string_view, 3> enum_names(EditFormat) {
  return {"auto", "whole", "blocks"};
}

struct Model {
  std::string name;  // ours: "deepseek/deepseek-v4-pro"
  std::string id;    // the provider's
  std::string provider;
  std::string family;  // "anthropic", "openai", ...: who trained it
  int tier = 1;        // 1 budget, 2 balanced, 3 frontier
  std::int64_t window = 128'000;
  std::int64_t max_output = 8'192;
  Protocol protocol = Protocol::native;
  EditFormat edit_format = EditFormat::automatic;
  std::optional<Price> price;  // empty: unpriced, refused while a cap is set
  bool images = false, structured_output = false, reasoning = false;
  std::vector<std::string> fallback;  // availability, not quality
  std::string priced_on;              // date of the price, for `models`
};

// A role at the table. Who sits there is `ladder`; the prompt and the tools come from
// agents/NAME.toml.
struct Seat {
  std::string name;
  std::string description;          // for the planner's choice, one line
  std::string prompt;               // name of the system template in prompts/
  std::vector<std::string> tools;   // in the order they are offered
  std::vector<std::string> ladder;  // model names, weakest first; planner and reviewer have one
  std::vector<std::string> fallback;
  int max_turns = 40;
  std::int64_t max_output = 16'000;
  int check_retries = 1;
  int rounds = 2;  // reviewer only
  std::optional<double> temperature;
};

// Everything about models that a run needs: immutable after start.
struct Lineup {
  std::map<std::string, Provider> providers;
  std::map<std::string, Model> models;
  std::map<std::string, Seat> seats;

  const Model* model(const std::string& name) const;
  const Seat* seat(const std::string& name) const;
};

}  // namespace mixagent
