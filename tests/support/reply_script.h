#pragma once
// What the scripted models say: the [[reply]] tables of a story.
//
// clang-format off
//   [[reply]]
//   model = "worker-small"        # who is asked (the `model` of the request); empty: anyone
//   match = "tests failed"        # only when the rendered messages contain this
//   times = 1                     # 0: again and again
//   optional = false              # true: the story is fine when nobody asks for it
//   text = "..."                  # visible text
//   thinking = "..."              # thoughts, signed "opaque-N" (N: the request's number)
//   calls = [{ tool = "finish", arguments = { summary = "done" } }]   # a string is sent as it is
//   usage = { input = 900, output = 80, cached = 0, written = 0 }     # default: estimated
//   usage_missing = false  ·  finish = "length"
//   delay_ms = 0
//   wait_for_open = 2             # hold the answer until so many requests were open at once (at most 10 s)
//   fault = { status = 429, headers = { Retry-After = "1" }, body = "..." }   # an HTTP error
//   fault = { raw = "not json" }                # status 200 with this body
//   fault = { cut_after = 300 }                 # the connection ends after so many bytes of the answer
//   fault = { cut = "call" }                    # ... in the middle of the first tool call's arguments
//   fault = { cut = "end" }                     # ... before the last event
//   fault = { cut_after = 0, end = "clean" }    # ... but the answer ends there as if it were whole
//   fault = { cut_after = 0, end = "reset" }    # ... and it is reset
//   fault = { stall_ms = 5000, cut_after = 60 } # silence there, then the end
// clang-format on
//
// The first reply not used up that fits a request is its answer.

#include "base/toml.h"

#include "mixagent/error.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

struct ScriptCall {
  std::string tool, arguments;  // JSON text, or whatever the story wants in its place
};

struct ScriptFault {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string body;
  std::optional<std::string> raw;
  std::int64_t cut_after = -1;
  std::string cut;  // "call" or "end"
  std::string end;  // "": the connection just ends; "clean", "reset"
  std::int64_t stall_ms = 0;
};

struct ScriptUsage {
  std::int64_t input = 0, output = 0, cached = 0, written = 0;
};

struct Reply {
  std::string model, match;
  int times = 1;
  bool optional = false;
  std::string text, thinking;
  std::vector<ScriptCall> calls;
  std::optional<ScriptUsage> usage;
  bool usage_missing = false;
  std::string finish;
  int wait_for_open = 0;
  std::int64_t delay_ms = 0;
  std::optional<ScriptFault> fault;
  std::string place;  // "story.toml:12:1"
  int used = 0;

  // "story.toml:12:1 (worker-small)"
  std::string name() const { return place + " (" + (model.empty() ? "any model" : model) + ")"; }
};

Result<std::vector<Reply>> read_replies(const std::vector<const TomlTable*>& tables);
Reply* find_reply(std::vector<Reply>& script, const std::string& model,
                  const std::string& rendered);

}  // namespace mixagent
