#pragma once
// Whether commands can work in overlays on this machine: tried out, not guessed from versions.

#include "mixagent/sandbox.h"

#include <filesystem>

namespace mixagent {

// `work`: a folder of ours on the file system where workspaces will lie; `repository`: its ignored
// folders are to be shown through overlays, too. False for any reason at all.
bool overlays_serve(Sandbox& sandbox, const std::filesystem::path& work,
                    const std::filesystem::path& repository);

}  // namespace mixagent
