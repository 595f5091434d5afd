#pragma once
// A sandbox that runs nothing: answers from a table, in order of the rows. The second
// implementation of the port in mixagent/sandbox.h. Thread-safe as far as the rows' functions are.

#include "mixagent/sandbox.h"

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace mixagent {

class FakeSandbox final : public Sandbox {
 public:
  using Answer = std::function<Result<CommandResult>(const SandboxCommand&)>;

  // The row serves commands that contain `part`; of several rows that fit, the one added last.
  void on(std::string part, Answer answer) {
    const std::lock_guard lock(mutex_);
    rows_.emplace_back(std::move(part), std::move(answer));
  }
  void on(std::string part, int exit_code, std::string output = {}) {
    on(std::move(part), [exit_code, output](const SandboxCommand&) -> Result<CommandResult> {
      CommandResult result;
      result.exit_code = exit_code;
      result.output = output;
      return result;
    });
  }

  // A command without a row is "command not found", as bash would have it.
  Result<CommandResult> run(const SandboxCommand& command, const Cancel& cancel) override {
    if (cancel.requested()) return fail(ErrorCode::cancelled, "stopped", command.command);
    Answer answer;
    {
      const std::lock_guard lock(mutex_);
      commands_.push_back(command.command);
      for (const auto& [part, row] : rows_) {
        if (command.command.find(part) != std::string::npos) answer = row;
      }
    }
    if (answer) return answer(command);
    CommandResult result;
    result.exit_code = 127;
    result.output = "bash: line 1: " + command.command + ": command not found\n";
    return result;
  }

  std::vector<std::string> commands() const {
    const std::lock_guard lock(mutex_);
    return commands_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, Answer>> rows_;
  std::vector<std::string> commands_;
};

}  // namespace mixagent
