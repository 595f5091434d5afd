#include "context/facts.h"

#include "base/text.h"
#include "context/words.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>

namespace mixagent {

namespace {

constexpr std::uint32_t most_count = 0xffff;

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool in_name(char c) {
  return starts_name(c) || (c >= '0' && c <= '9');
}

std::vector<std::uint32_t> names_in(std::string_view text) {
  std::vector<std::uint32_t> names;
  for (std::size_t i = 0; i < text.size();) {
    if (!starts_name(text[i])) {
      // "0x1f" and "3rd" hold no name.
      if (in_name(text[i])) {
        while (i < text.size() && in_name(text[i])) ++i;
      } else {
        ++i;
      }
      continue;
    }
    const std::size_t begin = i;
    while (i < text.size() && in_name(text[i])) ++i;
    if (i - begin >= 3 && i - begin <= 100) names.push_back(hash_of(text.substr(begin, i - begin)));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string definitions_text(const std::vector<Definition>& definitions) {
  std::string text;
  for (const Definition& d : definitions) {
    for (const std::string* field : {&d.name, &d.kind, &d.scope, &d.signature}) {
      text += *field;
      text += '\t';
    }
    text += std::to_string(d.line) + "\t" + std::to_string(d.end) + "\n";
  }
  return text;
}

void append_text(std::vector<std::uint32_t>& words, std::string_view text) {
  const std::size_t at = words.size();
  words.resize(at + (text.size() + 3) / 4);
  if (!text.empty()) std::memcpy(words.data() + at, text.data(), text.size());
}

constexpr std::size_t header = 6;  // flags, lines, length, and how many of each

}  // namespace

std::uint32_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
}

Term FactsView::term(std::uint32_t word) const {
  std::size_t low = 0, high = terms.size() / 2;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (terms[2 * middle] < word) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (2 * low >= terms.size() || terms[2 * low] != word) return {word, 0};
  return {word, terms[2 * low + 1]};
}

std::vector<std::uint32_t> pack_facts(std::string_view bytes,
                                      const std::vector<Definition>& definitions) {
  if (!is_text(bytes)) return std::vector<std::uint32_t>(header, 0);
  std::unordered_map<std::uint32_t, std::uint32_t> counts;
  std::uint32_t length = 0;
  each_word(bytes, [&](const std::string& word) {
    std::uint32_t& count = counts[hash_of(word)];
    if ((count & most_count) < most_count) ++count;
    ++length;
  });
  std::vector<std::uint32_t> defined;
  for (const Definition& definition : definitions) {
    defined.push_back(hash_of(definition.name));
    each_word(definition.name, [&](const std::string& word) {
      std::uint32_t& count = counts[hash_of(word)];
      if ((count >> 16U) < most_count) count += 1U << 16U;
    });
  }
  std::sort(defined.begin(), defined.end());
  defined.erase(std::unique(defined.begin(), defined.end()), defined.end());
  const std::map<std::uint32_t, std::uint32_t> sorted(counts.begin(), counts.end());
  const auto names = names_in(bytes);
  const std::string text = definitions_text(definitions);
  const auto lines = static_cast<std::uint32_t>(std::count(bytes.begin(), bytes.end(), '\n'));

  std::vector<std::uint32_t> packed = {1,
                                       lines,
                                       length,
                                       static_cast<std::uint32_t>(sorted.size()),
                                       static_cast<std::uint32_t>(names.size()),
                                       static_cast<std::uint32_t>(defined.size())};
  packed.reserve(header + 2 * sorted.size() + names.size() + defined.size() + text.size() / 4 + 1);
  for (const auto& [word, count] : sorted) {
    packed.push_back(word);
    packed.push_back(count);
  }
  packed.insert(packed.end(), names.begin(), names.end());
  packed.insert(packed.end(), defined.begin(), defined.end());
  append_text(packed, text);
  return packed;
}

bool read_facts(std::span<const std::uint32_t> packed, FactsView& view) {
  view = {};
  if (packed.size() < header) return false;
  const std::uint64_t terms = std::uint64_t{2} * packed[3], names = packed[4], defined = packed[5];
  if (header + terms + names + defined > packed.size()) return false;
  view.text = packed[0] != 0;
  view.lines = packed[1];
  view.length = packed[2];
  packed = packed.subspan(header);
  view.terms = packed.first(terms);
  view.names = packed.subspan(terms, names);
  view.defined = packed.subspan(terms + names, defined);
  view.definitions = packed.subspan(terms + names + defined);
  return true;
}

std::vector<Definition> unpack_definitions(const FactsView& view) {
  std::string text(view.definitions.size() * 4, '\0');
  if (!text.empty()) std::memcpy(text.data(), view.definitions.data(), text.size());
  while (!text.empty() && text.back() == '\0') text.pop_back();
  std::vector<Definition> definitions;
  for (const std::string& line : split_lines(text)) {
    const auto fields = split(line, '\t');
    if (fields.size() != 6) continue;
    Definition d{fields[0], fields[1], fields[2], fields[3], 0, 0};
    d.line = static_cast<std::uint32_t>(std::strtoul(fields[4].c_str(), nullptr, 10));
    d.end = static_cast<std::uint32_t>(std::strtoul(fields[5].c_str(), nullptr, 10));
    definitions.push_back(std::move(d));
  }
  return definitions;
}

}  // namespace mixagent
