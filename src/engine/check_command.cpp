#include "engine/check_command.h"

#include "base/digest.h"
#include "base/text.h"
#include "core/denied.h"
#include "core/test_results.h"
#include "engine/setup.h"

#include <chrono>
#include <string_view>

namespace mixagent {

namespace {

// Where the report waits for us in the copy that is thrown away afterwards.
constexpr const char* report_name = ".mixagent-results";

bool contains(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

std::string quoted(const std::string& text) {
  return "'" + replace_all(text, "'", "'\\''") + "'";
}

// The report must be of this very execution, so a file that lies there already is removed first.
// What is printed goes through a file, because shown output is cut in the middle.
std::string with_report(const Check& check) {
  const std::string file = results_path(check.results);
  if (file.empty()) {
    return "( " + check.command + "\n) > " + report_name + " 2>&1; status=$?\ncat " + report_name +
           "\nexit $status";
  }
  return "rm -f -- " + quoted(file) + "\n( " + check.command + "\n); status=$?\ncp -- " +
         quoted(file) + " " + report_name + " 2>/dev/null\nexit $status";
}

Result<RecordedCommand> run_live(Tools& tools, const CheckExecution& execution) {
  const Check& check = execution.check;
  MIX_TRY(const std::string denied,
          set_up(tools, execution.tree, execution.mounted_at, execution.step));
  MIX_TRY(const auto workspace, tools.workspaces.open(execution.tree));
  SandboxCommand run;
  run.command = check.results.empty() ? check.command : with_report(check);
  run.workspace = workspace->directory();
  run.overlays = workspace->overlays();
  run.mounted_at = execution.mounted_at;
  run.timeout = std::chrono::seconds(execution.timeout_s);
  MIX_TRY(const CommandResult result, tools.sandbox.run(run, tools.cancel));
  RecordedCommand done{result.exit_code,
                       result.timed_out,
                       result.killed,
                       result.output,
                       result.ms,
                       execution.tree_text,
                       {},
                       false};
  // What a change asks for and was not fetched is missing now: the reason belongs to what the check
  // printed. On the base the check itself says whether it can do without.
  if (!denied.empty() && !execution.may_recall)
    done.output += "\n" + (setup_denied + denied) + "]\n";
  if (check.results.empty()) return done;
  const auto report = workspace->read(report_name);
  if (!report) return done;
  done.tests = encode_tests(read_test_results(check.results, *report));
  if (result.timed_out && done.output.empty()) done.output = *report;
  return done;
}

}  // namespace

std::string memory_key(const Check& check, const std::string& tree_text) {
  return sha256_hex(check.command + "\n" + check.results + "\n" + tree_text);
}

Result<RecordedCommand> execute_check(Tools& tools, const CheckExecution& execution,
                                      const std::string& key) {
  const Check& check = execution.check;
  const std::string hash = sha256_hex(check.command + "\n" + execution.tree_text);
  MIX_TRY(const std::string value, tools.journal.once(key, hash, [&]() -> Result<std::string> {
    if (execution.may_recall && tools.memory != nullptr) {
      if (const auto known = tools.memory->recall(memory_key(check, execution.tree_text))) {
        if (auto decoded = decode_recorded(*known)) {
          decoded->remembered = true;
          return encode_recorded(*decoded);
        }
      }
    }
    MIX_TRY(const RecordedCommand done, run_live(tools, execution));
    return encode_recorded(done);
  }));
  return decode_recorded(value);
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
  if (contains(text, "connection refused") || contains(text, "econnrefused")) {
    return "the command needs a service (a database, a server) that does not run in the sandbox; "
           "let the check start it, or name a check that works without it";
  }
  if (contains(text, "read-only file system")) {
    return "the command writes outside of the repository, which the sandbox denies; point it to "
           "/tmp, or name the folder in [sandbox] writable of your own configuration";
  }
  return denied_network(output).empty() ? "" : missed_network;
}

}  // namespace mixagent
