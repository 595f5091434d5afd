#include "cli/overlay_probe.h"

#include "base/text.h"
#include "system/beneath.h"
#include "system/change_at.h"
#include "system/overlay_files.h"

#include <chrono>

namespace mixagent {

namespace {

namespace fs = std::filesystem;

// Reads through, writes beside, appends to a file from below, removes one, replaces a folder.
constexpr const char* trial =
    "set -e; test \"$(cat kept)\" = kept; echo new > new; echo more >> grown; chmod +x kept; "
    "rm gone; rm -r folder; mkdir folder; ls live > /dev/null; echo x > live/.mixagent-probe; "
    "mkdir other; mv other moved";

bool holds(const fs::path& file, std::string_view text) {
  return read_file(file).value_or("") == text;
}

Result<bool> try_out(Sandbox& sandbox, const fs::path& folder, const fs::path& repository) {
  const auto base = folder / "base", copy = folder / "copy";
  MIX_OK(make_directories(base / "folder", 0755));
  MIX_OK(make_directories(base / "live", 0755));
  for (const char* name : {"kept", "gone", "grown", "folder/old"}) {
    MIX_OK(write_quickly(base / name, fs::path(name).filename().string() + "\n", 0644));
  }
  std::optional<Owner> owner;
  if (const auto uid = sandbox.uid()) owner = Owner{*uid, *uid};
  MIX_OK(make_directories(copy / "merged"));
  MIX_OK(make_overlay_scratch(copy, owner));
  MIX_OK(make_overlay_scratch(copy / "live", owner));
  SandboxCommand command;
  command.command = trial;
  command.workspace = copy / "merged";
  command.mounted_at = repository;
  command.timeout = std::chrono::seconds(30);
  command.overlays = {{"", base, copy}, {"live", repository, copy / "live"}};
  MIX_TRY(const auto done, sandbox.run(command, {}));
  MIX_TRY(const Fd upper, open_directory(copy / "upper"));
  MIX_TRY(const Fd made, open_directory(copy / "upper/folder"));
  return done.exit_code == 0 && holds(base / "kept", "kept\n") &&
         holds(base / "grown", "grown\n") && holds(copy / "upper/new", "new\n") &&
         holds(copy / "upper/grown", "grown\nmore\n") && is_whiteout_at(upper.get(), "gone") &&
         is_opaque(made.get()) && holds(copy / "live/upper/.mixagent-probe", "x\n") &&
         !stat_path(repository / ".mixagent-probe").value_or(std::nullopt);
}

}  // namespace

bool overlays_serve(Sandbox& sandbox, const fs::path& work, const fs::path& repository) {
  // The lock lets the next start sweep what a killed one left.
  if (!make_directories(work)) return false;
  const auto lock = FileLock::try_take(work / ".lock");
  if (!lock || !*lock) return false;
  const auto served = try_out(sandbox, work / "probe", repository);
  (void)remove_tree(work / "probe");
  return served && *served;
}

}  // namespace mixagent
