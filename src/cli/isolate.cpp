#include "cli/isolate.h"

#include "sandbox/launch.h"
#include "sandbox/probe.h"

namespace mixagent {

namespace {

// A repository's objects lie in .git; of a linked worktree they are left out, git then knows no
// history inside.
std::filesystem::path objects_of(const std::filesystem::path& root) {
  std::error_code error;
  const auto objects = root / ".git" / "objects";
  return std::filesystem::is_directory(objects, error) ? objects : std::filesystem::path();
}

SandboxOptions options_for(const CliContext& context, const IsolationSite& site) {
  SandboxOptions options;
  options.config = site.config;
  options.repository = site.root;
  options.objects = objects_of(site.root);
  const auto home = context.env.find("HOME");
  options.home = home == context.env.end() ? "/nonexistent" : home->second;
  options.cache = site.cache;
  options.work = site.work;
  for (const auto& [name, value] : context.env) options.environment.emplace_back(name, value);
  return options;
}

}  // namespace

Result<std::unique_ptr<Sandbox>> isolate(const CliContext& context, const IsolationSite& site,
                                         Processes& processes) {
  return make_sandbox(options_for(context, site), processes);
}

std::vector<std::string> describe_isolation(const CliContext& context, const IsolationSite& site,
                                            Processes& processes) {
  std::vector<std::string> lines;
  for (const Isolation isolation : {Isolation::full, Isolation::reduced}) {
    SandboxOptions options = options_for(context, site);
    options.config.isolation = isolation;
    for (const ProbeLine& line : probe_sandbox(options, processes).lines) {
      const char* fault = isolation == Isolation::full ? "FAILS " : "-     ";  // asked for by name
      std::string text = std::string(line.ok ? "ok    " : fault) + line.what;
      if (!line.detail.empty()) text += ": " + line.detail;
      if (!line.remedy.empty()) text += " -> " + line.remedy;
      lines.push_back(std::move(text));
    }
  }
  return lines;
}

}  // namespace mixagent
