#include "cli/isolate.h"

#include "base/text.h"
#include "sandbox/launch.h"
#include "sandbox/probe.h"
#include "system/files.h"

namespace mixagent {

namespace {

// The first line of one of git's small files, after `label`, as a path seen from `folder`.
std::filesystem::path path_in(const std::filesystem::path& file, std::string_view label,
                              const std::filesystem::path& folder) {
  const auto text = read_file(file, 10'000);
  if (!text || text->compare(0, label.size(), label) != 0) return {};
  return (folder / trim(text->substr(label.size()))).lexically_normal();
}

// A repository's objects lie in .git; in a linked worktree or a submodule that is a file which says
// where. Found nowhere, git knows no history inside.
std::filesystem::path objects_of(const std::filesystem::path& root) {
  std::error_code error;
  auto git = root / ".git";
  if (std::filesystem::is_regular_file(git, error)) git = path_in(git, "gitdir: ", root);
  const auto common = path_in(git / "commondir", "", git);
  const auto objects = (common.empty() ? git : common) / "objects";
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
