#pragma once
// Where symbolic links of a tree lead. Pure.

#include <map>
#include <string>
#include <string_view>

namespace mixagent {

using LinkTargets =
    std::map<std::string, std::string, std::less<>>;  // path -> target, of all links of a tree

// Why the link at `path` must not be taken over: absolute, leaves the tree (also through another
// link), or into .git. Empty when it stays inside; whether its target exists does not matter.
std::string link_escape(std::string_view path, const LinkTargets& links);

}  // namespace mixagent
