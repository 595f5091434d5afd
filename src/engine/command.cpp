#include "engine/command.h"

#include "base/codec.h"
#include "base/digest.h"
#include "base/text.h"

#include <chrono>

namespace mixagent {

std::string encode_recorded(const RecordedCommand& command) {
  RecordedCommand printable = command;
  printable.output = repair_utf8(command.output);
  return dump_json(to_json(printable));
}

Result<RecordedCommand> decode_recorded(const std::string& text) {
  MIX_TRY(const Json json, parse_json(text));
  return from_json<RecordedCommand>(json);
}

Result<WorkspaceCommand> run_in_workspace(Tools& tools, Workspace& workspace,
                                          const std::filesystem::path& mounted_at,
                                          const std::string& command, int timeout_s,
                                          const std::string& key) {
  MIX_TRY(const Collected before, workspace.collect());
  const std::string hash = sha256_hex(command + "\n" + before.id.text);
  bool live = false;
  MIX_TRY(const std::string value, tools.journal.once(key, hash, [&]() -> Result<std::string> {
    live = true;
    SandboxCommand run;
    run.command = command;
    run.workspace = workspace.directory();
    run.overlays = workspace.overlays();
    run.mounted_at = mounted_at;
    run.timeout = std::chrono::seconds(timeout_s);
    MIX_TRY(const CommandResult result, tools.sandbox.run(run, tools.cancel));
    MIX_TRY(const Collected after, workspace.collect());
    MIX_OK(tools.workspaces.keep(after.tree));
    return encode_recorded({result.exit_code, result.timed_out, result.killed, result.output,
                            result.ms, after.id.text});
  }));
  MIX_TRY(const RecordedCommand done, decode_recorded(value));
  if (!live && done.tree != before.id.text) {
    MIX_TRY(const Tree tree, tools.workspaces.tree(TreeId{done.tree}));
    MIX_OK(workspace.reset(tree));
  }
  WorkspaceCommand out;
  out.result.exit_code = done.exit_code;
  out.result.timed_out = done.timed_out;
  out.result.killed = done.killed;
  out.result.output = done.output;
  out.result.ms = done.ms;
  out.changed = done.tree != before.id.text;
  return out;
}

}  // namespace mixagent
