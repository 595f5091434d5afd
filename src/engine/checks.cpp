#include "engine/checks.h"

#include "base/digest.h"
#include "base/text.h"
#include "engine/command.h"
#include "engine/setup.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

namespace mixagent {

namespace {

constexpr std::size_t most_output = 12'000;  // bytes of a failing check's output that a model sees

// One execution in a fresh copy.
Result<RecordedCommand> execute(Tools& tools, const Check& check, const Tree& tree,
                                const std::string& tree_text, const CheckSite& site,
                                const std::string& key, int timeout_s) {
  const std::string hash = sha256_hex(check.command + "\n" + tree_text);
  MIX_TRY(const std::string value, tools.journal.once(key, hash, [&]() -> Result<std::string> {
    MIX_OK(set_up(tools, tree, site.mounted_at, site.step));
    MIX_TRY(const auto workspace, tools.workspaces.open(tree));
    SandboxCommand run;
    run.command = check.command;
    run.workspace = workspace->directory();
    run.overlays = workspace->overlays();
    run.mounted_at = site.mounted_at;
    run.timeout = std::chrono::seconds(timeout_s);
    MIX_TRY(const CommandResult result, tools.sandbox.run(run, tools.cancel));
    return encode_recorded(
        {result.exit_code, result.timed_out, result.killed, result.output, result.ms, tree_text});
  }));
  return decode_recorded(value);
}

Result<CheckRun> run_one(Tools& tools, const Check& check, const Tree& tree,
                         const std::string& tree_text, const CheckSite& site,
                         const std::vector<CheckRecord>& known) {
  CheckRun out;
  out.record.command = check.command;
  out.record.tree = tree_text;
  out.record.origin = check.origin;
  if (const CheckRecord* record = find_record(known, check.command, tree_text)) {
    out.record = *record;
    return out;
  }
  const std::string key =
      fmt::format("{}/check:{}", site.key, sha256_hex(check.command + tree_text).substr(0, 16));
  const int timeout_s = check.timeout_s > 0 ? check.timeout_s : tools.config.sandbox.timeout_s;
  tools.console.progress(site.step, "check: " + clip(check.command, 100));
  MIX_TRY(RecordedCommand done, execute(tools, check, tree, tree_text, site, key, timeout_s));
  out.record.why =
      done.exit_code == 0 ? "" : why_unusable(check.command, done.exit_code, done.output);
  out.record.unusable = !out.record.why.empty();
  if (done.exit_code != 0 && !out.record.unusable && !done.timed_out) {
    // On the base the second try is on a plain copy: some tools cannot work in an overlay.
    const bool copies = site.phase == "baseline" && tools.workspaces.use_copies(true);
    MIX_TRY(const RecordedCommand again,
            execute(tools, check, tree, tree_text, site, key + "/again", timeout_s));
    bool overlay_fails = false;
    if (copies && again.exit_code == 0) {
      tools.workspaces.use_copies(false);
      MIX_TRY(const RecordedCommand third,
              execute(tools, check, tree, tree_text, site, key + "/overlay", timeout_s));
      overlay_fails = third.exit_code != 0;
    }
    if (copies) tools.workspaces.use_copies(overlay_fails);
    if (overlay_fails) {
      MIX_OK(tools.journal.append(
          NoteAdded{"`" + clip(check.command, 200) +
                        "` fails in an overlay and passes in a copy: this run works in copies",
                    site.step}));
    }
    if (again.exit_code == 0) {
      out.record.flaky = !overlay_fails;
      done = again;
    }
  }
  for (const CheckRecord& record : known) {
    if (record.command == check.command) out.record.baseline_exit_code = record.exit_code;
  }
  out.record.exit_code = done.exit_code;
  out.record.ms = done.ms;
  out.output = clip_middle(repair_utf8(done.output), most_output);
  if (done.timed_out) out.output += fmt::format("\n[timed out after {} s]\n", timeout_s);
  MIX_TRY(const BlobId blob, tools.journal.put(done.output));
  MIX_OK(tools.journal.append(CheckCompleted{site.step, site.phase, out.record, blob.text}));
  return out;
}

bool contains(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

}  // namespace

Result<std::vector<CheckRun>> run_checks(Tools& tools, const std::vector<Check>& checks,
                                         const Tree& tree, const CheckSite& site,
                                         const std::vector<CheckRecord>& known) {
  const std::string tree_text = tree_id(tree).text;
  std::vector<CheckRun> runs;
  for (const Check& check : checks) {
    MIX_TRY(CheckRun run, run_one(tools, check, tree, tree_text, site, known));
    runs.push_back(std::move(run));
  }
  return runs;
}

std::string why_unusable(const std::string& command, int exit_code, const std::string& output) {
  const std::string text = lower(output);
  // The shell's own words about the first program, not some test's output.
  if (exit_code == 127 && contains(text, "command not found")) {
    return "the command was not found in the sandbox; install it system-wide, or name its folder "
           "in [sandbox] read_only";
  }
  if (exit_code == 126) {
    return "the command cannot be executed; check its permissions (chmod +x) and its first line";
  }
  if (exit_code == 1 && contains(text, "no module named ") && contains(command, "-m ")) {
    const auto at = command.find("-m ");
    const std::string module = command.substr(at + 3, command.find(' ', at + 3) - at - 3);
    if (contains(text, "no module named " + lower(module))) {
      return "the test runner '" + module + "' is not installed for the interpreter in the sandbox";
    }
  }
  static constexpr std::array<std::string_view, 6> network = {
      "could not resolve host",    "temporary failure in name resolution",
      "name or service not known", "getaddrinfo enotfound",
      "getaddrinfo eai_again",     "network is unreachable"};
  for (const auto words : network) {
    if (contains(text, words)) {
      return "the command needs the network, which checks do not have; fetch what it needs in "
             "[verify] setup, "
             "or name a check that works offline";
    }
  }
  return "";
}

const CheckRecord* find_record(const std::vector<CheckRecord>& records, const std::string& command,
                               const std::string& tree) {
  const auto found = std::find_if(records.begin(), records.end(), [&](const CheckRecord& record) {
    return record.command == command && record.tree == tree;
  });
  return found == records.end() ? nullptr : &*found;
}

}  // namespace mixagent
