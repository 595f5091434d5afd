#pragma once
// A command in a workspace, durable: what it printed and what it left behind are recorded together,
// so that a run that is picked up again restores the tree instead of running the command a second
// time.

#include "mixagent/tools.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mixagent {

struct WorkspaceCommand {
  CommandResult result;
  bool changed = false;  // the tree after differs from the tree before
};

Result<WorkspaceCommand> run_in_workspace(Tools& tools, Workspace& workspace,
                                          const std::filesystem::path& mounted_at,
                                          const std::string& command, int timeout_s,
                                          const std::string& key);

// For `once`: a CommandResult as JSON and back.
struct RecordedCommand {
  int exit_code = 0;
  bool timed_out = false, killed = false;
  std::string output;
  std::int64_t ms = 0;
  std::string tree;                     // after
  std::vector<std::string> tests = {};  // a check's results by test (core/test_results.h)
  bool remembered = false;              // from an earlier run on the same tree
  template <class V>
  void fields(V& v) {
    v.may("exit_code", exit_code);
    v.may("timed_out", timed_out);
    v.may("killed", killed);
    v.may("output", output);
    v.may("ms", ms);
    v.may("tree", tree);
    v.may("tests", tests);
    v.may("remembered", remembered);
  }
};
std::string encode_recorded(const RecordedCommand& command);
Result<RecordedCommand> decode_recorded(const std::string& text);

}  // namespace mixagent
