#pragma once
// What a repository's own files say about how it is built and tested. Pure over what it is told of
// the file system.

#include "mixagent/plan.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mixagent {

struct RepositoryFiles {
  std::vector<std::string> paths;  // of the repository, relative, sorted
  // Text of a path; empty when it cannot be read.
  std::function<std::optional<std::string>(const std::string& path)> read;
  // A program by name, or by a path below the root ("vendor/bin/phpunit", ".venv/bin/python";
  // ignored files count).
  std::function<bool(const std::string& program)> has_program;
};

struct Detected {
  std::vector<Check> checks;  // origin `detected`; only where the runner seems to be there
  std::vector<std::string> setup, setup_inputs;  // what would install dependencies
  std::vector<std::string>
      missing;  // "Cargo.toml, but no cargo": runners that were looked for in vain
};
Detected detect_commands(const RepositoryFiles& files);

}  // namespace mixagent
