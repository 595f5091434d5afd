#pragma once
// Which names may stand in a tree. Pure.

#include "mixagent/error.h"

#include <string>
#include <string_view>

namespace mixagent {

// A component that some system would take for ".git": case, trailing dots and spaces, invisible
// characters, short names.
bool looks_like_git(std::string_view component);

// Why a new path must not leave a workspace; empty when it may. `path` is relative, without "." and
// "..".
std::string unsafe_path(std::string_view path);

// A path as a model gives it ("./src//a.py"), normalised and relative; Error denied when it leads
// out of the repository or into .git, with the reason in words that a model can act on.
Result<std::string> path_inside(std::string_view path);

std::string_view folder_of(std::string_view path);  // "" at the top
std::string_view last_name_of(std::string_view path);

}  // namespace mixagent
