#pragma once
// A story: one TOML file that says what is there, what is typed, what the models answer, and what
// must hold afterwards. Adding one needs no C++. Texts may name {REPO} {HOME} {ROOT} (their folder)
// {PORT} {CLOSED_PORT} {KEY} {RUN} (the last run's id).
//
// clang-format off
//   about = "what it proves"
//   dialects = ["gemini"]                 # played once for each: how `local` speaks; one line, CMakeLists.txt reads it
//   git = true · commit = true            # false: no repository; no commit in it
//   executable = ["test.sh"]
//   [git_config] "core.fsmonitor" = "..." # in the repository's own configuration, after the commit
//   [files]    "calc.py" = "..."          # written and committed
//   [dirty]    "calc.py" = "..."          # written after the commit: modified, untracked, ignored
//   [sparse_mb] "build/big" = 40           # written after the commit: so large, and nothing in it
//   [outside]  "secret.txt" = "..."       # beside the repository
//   [config]                              # laid over the standing configuration (stage.cpp), as TOML
//   config_text = "..."                   # in its place, as it is
//   [env]      TEST_KEY = "..."           # on top of the standing environment; unset = ["TEST_KEY"]
//   [[reply]]                             # support/reply_script.h
//   [[run]]                               # a command line and what must hold after it, in order
//   [[request]]                           # what a model was sent, looked at when all is over
// clang-format on

#include "base/json.h"
#include "support/reply_script.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

using TextMap = std::map<std::string, std::string>;
using Texts = std::vector<std::string>;

// [[run.during]]: something happens while the command waits for the answer to the n-th request of
// this command.
struct During {
  int after_calls = 1;
  int signal = 0;  // signal = "INT"
  int times = 1;   // the signal again, 100 ms apart
  std::int64_t later_ms =
      0;          // the signal so long after the request, and the answer goes out at once
  TextMap write;  // into the repository
};

// { type = "call.retried", count = 1, kind = "malformed" }: so many events of the type have these
// members; count -1 (the default): at least one.
struct EventWant {
  std::string type;
  std::int64_t count = -1;
  std::map<std::string, Json> members;
};

struct StoryRun {
  Texts args;
  std::string input, cwd;
  bool has_input = false;
  TextMap first;  // written into the repository before the command
  TextMap env;
  Texts unset;
  std::vector<During> during;

  int exit = 0;
  Texts stdout_contains, stdout_lacks, stderr_contains, stderr_lacks;
  std::map<std::string, Json>
      result;  // path -> value; "~text": contains; "!text": another; "*": any; "": absent or empty
  Texts events;  // types, a subsequence of the journal's
  Texts no_events;
  std::vector<EventWant> event_where;
  TextMap files, file_contains, file_lacks;  // below the repository
  Texts absent;
  std::optional<std::string> status;  // git status --porcelain
  bool untouched = false;      // bytes, index, HEAD, references and stash as before the command
  bool git_untouched = false;  // index, HEAD, references and stash as before the command
  std::optional<std::map<std::string, std::int64_t>>
      calls;  // requests of this command per model; others none
  double max_spent_usd = -1;
  std::string cost =
      "exact";  // exact: total_cost_usd is what the server counted · least: at least that · any
  int min_open = 0, max_open = 1000;
  bool stream =
      false;  // standard output is one JSON object a line, the journal and then the result
};

struct RequestWant {
  std::string model, match;
  int nth = 1;  // of those of the model that match; negative: from the end
  Texts contains, lacks;
  Texts body_contains, body_lacks;  // the bytes as they came, whatever the dialect
  std::optional<Texts> tools;       // exactly these
  Texts tools_include, tools_lack;
  std::int64_t messages = -1;
  bool extends_previous = false;  // its messages begin with those of the model's request before it
  std::string place;
};

struct Story {
  std::string name, about;
  Texts dialects;
  bool git = true, commit = true;
  Texts executable;
  TextMap files, dirty, outside, env, git_config;
  std::map<std::string, std::int64_t> sparse_mb;
  Texts unset;
  TomlTable config;
  std::string config_text;
  bool has_config_text = false;
  std::vector<Reply> replies;
  std::vector<StoryRun> runs;
  std::vector<RequestWant> requests;
};

Result<Story> read_story(const std::filesystem::path& file);
// The same, with the provider `local` speaking this dialect.
Story in_dialect(Story story, const std::string& dialect);

}  // namespace mixagent
