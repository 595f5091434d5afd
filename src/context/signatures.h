#pragma once
// What the files of a step call elsewhere: a line for each, so that nothing has to be looked up.

#include "mixagent/context.h"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace mixagent {

struct Callee {
  std::string name, path;
  std::size_t line = 0;   // 1-based
  std::string signature;  // the line as it stands, trimmed
};

// Names that a text uses like functions or types, without those that it defines itself.
std::set<std::string> called_names(const std::string& text);

// Where each is defined outside of `without`, by lines that begin like definitions: good enough for
// the languages that use a word for it. Reads at most 16 MB of the tree.
std::vector<Callee> find_definitions(const Tree& tree, const BlobReader& read,
                                     const std::set<std::string>& names,
                                     const std::set<std::string>& without);

// "path:line: signature", the files in order, within the budget; empty when there is nothing. Names
// with more than two definitions tell nothing and are left out.
std::string show_signatures(std::vector<Callee> definitions, std::int64_t budget);

}  // namespace mixagent
