#pragma once
// What an overlay keeps in its upper folder, seen from outside: a whiteout hides a name of the
// folders below, an opaque folder hides everything of them. Thread-safe.

#include "system/change_at.h"

#include "mixagent/error.h"

#include <filesystem>
#include <optional>
#include <string>

namespace mixagent {

bool is_whiteout_at(int folder, const std::string& name);
// `name` must not exist.
Result<void> make_whiteout_at(int folder, const std::string& name);
// The folders that one overlay's mount needs in `scratch`: upper, work, low. What is in them stays.
// The upper one, open, belongs to `owner`.
Result<Fd> make_overlay_scratch(const std::filesystem::path& scratch,
                                const std::optional<Owner>& owner);
bool is_opaque(int folder);
Result<void> make_opaque(int folder, const std::string& name);

}  // namespace mixagent
