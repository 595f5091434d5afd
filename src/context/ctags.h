#pragma once
// Definitions of source files by universal-ctags. The bytes go to it by its standard input, under
// names of our own making, and it runs in its own seccomp sandbox: neither a hostile name nor a
// hostile file reaches anything, and no configuration of the user or of the tree is read.

#include "mixagent/process.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

struct Definition {
  std::string name;
  std::string kind;                 // "function", "class", ...
  std::string scope;                // "Page", "a::b"; may be empty
  std::string signature;            // "(limit, offset)"; may be empty
  std::uint32_t line = 0, end = 0;  // end: 0 when not known
  bool operator==(const Definition&) const = default;
};

struct Source {
  std::string_view path;  // its name tells the language
  std::string_view bytes;
};

// The extension when files of this name are given to ctags, else empty.
std::string_view source_extension(std::string_view path);

// One list a source, in its order. Empty: there is no ctags here, or it cannot do this.
std::optional<std::vector<std::vector<Definition>>> definitions_of(
    const std::vector<Source>& sources, Processes& processes, const std::string& search_path);
// Of what it wrote for `count` sources named b0, b1, ...
std::vector<std::vector<Definition>> parse_ctags(std::string_view output, std::size_t count);

}  // namespace mixagent
