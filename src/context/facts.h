#pragma once
// What one file says by itself, found once per content and kept: its words, the names it uses, what
// it defines. Packed into 32-bit words, so that a file of thousands of them is read as it lies.

#include "context/ctags.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mixagent {

// Words and names are known by their hashes: two that meet cost a little precision, nothing else.
std::uint32_t hash_of(std::string_view text);

struct Term {
  std::uint32_t word = 0;
  std::uint32_t count = 0;  // in the text; the upper half: how many definitions' names hold it
};

// A look at packed facts; they must outlive it. Nothing found: all empty.
struct FactsView {
  std::span<const std::uint32_t> terms;    // pairs of word and count, by word
  std::span<const std::uint32_t> names;    // whole identifiers, sorted
  std::span<const std::uint32_t> defined;  // names that it defines, sorted
  std::uint32_t length = 0;                // words in the text
  std::uint32_t lines = 0;
  bool text = false;
  std::span<const std::uint32_t> definitions;  // packed, see unpack_definitions
  Term term(std::uint32_t word) const;         // count 0: does not occur
};

// `bytes` are the file's; binary ones have no facts.
std::vector<std::uint32_t> pack_facts(std::string_view bytes,
                                      const std::vector<Definition>& definitions);
// False when these words are no facts.
bool read_facts(std::span<const std::uint32_t> packed, FactsView& view);
std::vector<Definition> unpack_definitions(const FactsView& view);

}  // namespace mixagent
