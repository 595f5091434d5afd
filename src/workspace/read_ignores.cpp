#include "workspace/read_ignores.h"

#include "workspace/names.h"

namespace mixagent {

Result<IgnoreRules> read_ignore_rules(const Tree& tree, const std::vector<std::string>& fallbacks,
                                      const Store& store) {
  IgnoreRules rules;
  for (const auto& text : fallbacks) rules.add_fallback(text);
  for (const auto& [path, entry] : tree) {
    if (last_name_of(path) != ".gitignore" || entry.mode == FileMode::symlink) continue;
    MIX_TRY(const auto text, store.get(entry.blob));
    rules.add(std::string(folder_of(path)), text);
  }
  return rules;
}

}  // namespace mixagent
