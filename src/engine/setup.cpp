#include "engine/setup.h"

#include "base/text.h"
#include "core/denied.h"

#include <fmt/core.h>

#include <chrono>

namespace mixagent {

namespace {

constexpr std::size_t most_output = 1'500;  // bytes of a failed command's output in the journal

struct Setup {
  bool ok = true;
  std::string denied;  // the line that says that the network was missed
};

Result<Setup> run_one(Tools& tools, const Workspace& workspace,
                      const std::filesystem::path& mounted_at, const std::string& command,
                      const std::string& step) {
  tools.console.progress(step, "setup: " + clip(command, 100));
  SandboxCommand run;
  run.command = command;
  run.workspace = workspace.directory();
  run.overlays = workspace.overlays();
  run.mounted_at = mounted_at;
  run.timeout = std::chrono::seconds(tools.config.sandbox.timeout_s);
  run.online = true;
  MIX_TRY(const CommandResult result, tools.sandbox.run(run, tools.cancel));
  const bool ok = result.exit_code == 0;
  std::string note = fmt::format("[verify] setup `{}` ended with {} after {}", command,
                                 result.exit_code, format_duration_ms(result.ms));
  if (!ok)
    note += "; the network is what [sandbox] allow_hosts permits:\n" +
            clip_middle(repair_utf8(result.output), most_output);
  MIX_OK(tools.journal.append(NoteAdded{note, step}));
  return Setup{ok, ok ? "" : denied_network(repair_utf8(result.output))};
}

}  // namespace

Result<std::string> set_up(Tools& tools, const Tree& tree, const std::filesystem::path& mounted_at,
                           const std::string& step) {
  const auto& commands = tools.config.verify.setup;
  std::string denied;
  if (commands.empty()) return denied;
  const auto prepared = tools.workspaces.prepare(tree, [&](Workspace& workspace) -> Result<void> {
    for (const std::string& command : commands) {
      MIX_TRY(const Setup done, run_one(tools, workspace, mounted_at, command, step));
      denied = done.denied;
      if (!done.ok) break;
    }
    MIX_TRY(const Collected collected, workspace.collect());
    if (collected.change.empty()) return {};
    MIX_OK(tools.journal.append(NoteAdded{
        fmt::format("[verify] setup changed {} file(s) that are not ignored ({}); that stays "
                    "out of the work",
                    collected.change.files.size(), collected.change.files.front().path),
        step}));
    return {};
  });
  if (!prepared) return fail(prepared.error());
  return denied;
}

}  // namespace mixagent
