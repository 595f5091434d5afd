#include "workspace/links.h"

#include "base/text.h"
#include "workspace/names.h"

#include <deque>

namespace mixagent {

std::string link_escape(std::string_view path, const LinkTargets& links) {
  constexpr int most_links = 40;
  std::string at(folder_of(path));
  std::deque<std::string> ahead;
  ahead.emplace_back(last_name_of(path));
  for (int followed = 0; !ahead.empty();) {
    const std::string component = std::move(ahead.front());
    ahead.pop_front();
    if (component.empty() || component == ".") continue;
    if (component == "..") {
      if (at.empty()) return "symlink that leaves the repository";
      at = std::string(folder_of(at));
      continue;
    }
    if (looks_like_git(component)) return "symlink into .git";
    const auto next = at.empty() ? component : at + "/" + component;
    const auto link = links.find(next);
    if (link == links.end()) {
      at = next;
      continue;
    }
    if (!link->second.empty() && link->second.front() == '/') return "absolute symlink";
    if (++followed > most_links) return {};  // a circle leads nowhere
    const auto components = split(link->second, '/');
    ahead.insert(ahead.begin(), components.begin(), components.end());
  }
  return {};
}

}  // namespace mixagent
