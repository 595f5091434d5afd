#pragma once
// Folders that a command sees and may change without changing them: what it writes goes elsewhere.

#include <filesystem>
#include <string>

namespace mixagent {

// Mounted for the time of one command. `scratch` belongs to this overlay alone and holds `upper`
// (what was written, kept from command to command), `work` and `low` (both empty outside).
struct Overlay {
  std::string at;               // below the workspace; empty: the workspace itself
  std::filesystem::path lower;  // on the host, never written
  std::filesystem::path scratch;
};

}  // namespace mixagent
