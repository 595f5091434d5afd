#pragma once
// Hand-written answers of models, as a TOML file: for demos without keys and for tests. Shared by
// the replay provider and by test servers. Parsing and matching are pure but for the record of what
// was used; thread-safe.
//
//   [[reply]]                      # the first unused one that matches answers, and is used up
//   seat = "worker"                # conditions, all optional: seat, model, step, attempt,
//   match = "pagination"           #   match (text anywhere in the conversation), nth (1: the first
//   call that meets the rest) text = "I will look."          # content: text and/or calls calls =
//   [{ tool = "read_file", arguments = '{"path": "a.py"}' }]    # JSON text, or a TOML table usage
//   = { input = 1200, output = 80, cached_input = 1000 }          # default: estimated from the
//   texts delay_ms = 5                   # before it answers error = "rate_limited"         #
//   instead of content: a kind of error; also message, retry_after_ms stop = "length" # default: by
//   content repeat = true                  # never used up

#include "mixagent/error.h"
#include "mixagent/message.h"

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

struct ScenarioCall {
  std::string tool;
  std::string arguments;  // JSON text
  bool operator==(const ScenarioCall&) const = default;
};

struct ScenarioReply {
  std::string place;  // "scenario.toml:12:1"

  std::string seat, model, step, match;  // empty: any
  int attempt = 0, nth = 0;              // 0: any

  std::string text;
  std::vector<ScenarioCall> calls;
  std::optional<Usage> usage;
  std::optional<StopReason> stop;
  std::int64_t delay_ms = 0;

  std::optional<ErrorCode> error;
  std::string message;
  std::optional<std::int64_t> retry_after_ms;

  bool repeat = false;
};

// What is known of a call. A server sees no seat: what is not known meets every condition.
struct ScenarioQuery {
  std::string model;
  std::optional<std::string> seat, step;
  std::optional<int> attempt;
  std::string text;  // the rendered conversation
};

class Scenario {
 public:
  // Error config with file:line:column, also for unknown keys.
  static Result<Scenario> parse(std::string_view text, const std::string& file);

  Scenario(Scenario&& other) noexcept;

  // Error not_found when nothing matches: says who asked and which replies are left.
  Result<ScenarioReply> next(const ScenarioQuery& query);

  std::vector<std::string> unused() const;  // places of replies that nobody asked for

 private:
  struct Entry {
    ScenarioReply reply;
    int met = 0;  // calls that met its conditions
    bool used = false;
  };
  explicit Scenario(std::string file) : file_(std::move(file)) {}

  std::string file_;
  std::vector<Entry> entries_;
  mutable std::mutex mutex_;
};

// The conversation as text, for `match`: system, user, assistant and tool texts, calls as "name
// arguments".
std::string render_conversation(const std::vector<Message>& messages);

}  // namespace mixagent
