#include "context/signatures.h"

#include "base/text.h"
#include "context/words.h"

#include <algorithm>
#include <array>
#include <map>

namespace mixagent {

namespace {

constexpr std::int64_t most_file_bytes = 256 << 10, most_bytes = 16 << 20;
constexpr std::size_t most_shown = 40, most_line = 160;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The name that a line defines: "def name(", "pub fn name(", "class Name", "func (r T) name(".
std::string defined_name(std::string_view line) {
  static constexpr std::array<std::string_view, 14> words = {
      "def",  "class", "func",   "fn",    "struct",   "enum",  "interface",
      "type", "trait", "module", "union", "function", "macro", "namespace"};
  std::size_t at = line.find_first_not_of(" \t");
  if (at == std::string_view::npos || at > 8) return "";
  for (int skipped = 0; skipped < 4; ++skipped) {
    std::size_t end = at;
    while (end < line.size() && is_name(line[end])) ++end;
    const auto word = line.substr(at, end - at);
    if (word.empty()) return "";
    const bool opens = std::find(words.begin(), words.end(), word) != words.end();
    at = line.find_first_not_of(" \t*&", end);
    if (at == std::string_view::npos) return "";
    if (!opens) continue;
    if (line[at] == '(') {  // a receiver
      at = line.find(')', at);
      if (at == std::string_view::npos) return "";
      at = line.find_first_not_of(" \t", at + 1);
      if (at == std::string_view::npos) return "";
    }
    end = at;
    while (end < line.size() && is_name(line[end])) ++end;
    return std::string(line.substr(at, end - at));
  }
  return "";
}

// C and its family define functions without a word for it: "Type name(arguments) {" at the margin,
// or "Type name(arguments);" in a header.
std::string c_name(std::string_view line) {
  if (line.empty() || !is_name(line[0])) return "";
  const auto open = line.find('(');
  const auto end = line.find_last_not_of(" \t");
  if (open == std::string_view::npos || (line[end] != '{' && line[end] != ';')) return "";
  if (line.find('=') < open) return "";
  std::size_t first = open;
  while (first > 0 && is_name(line[first - 1])) --first;
  const auto type = trim(line.substr(0, first));
  if (first == open || type.empty() || type == "return" || type == "else") return "";
  return std::string(line.substr(first, open - first));
}

std::string name_on(std::string_view line) {
  auto name = defined_name(line);
  return name.empty() ? c_name(line) : name;
}

}  // namespace

std::set<std::string> called_names(const std::string& text) {
  std::set<std::string> names, own;
  for (const std::string& line : split_lines(text)) {
    if (auto name = name_on(line); !name.empty()) own.insert(std::move(name));
    for (std::size_t at = 0; at < line.size();) {
      if (!is_name(line[at])) {
        ++at;
        continue;
      }
      std::size_t end = at;
      while (end < line.size() && is_name(line[end])) ++end;
      const bool called = end < line.size() && line[end] == '(';
      const bool type = line[at] >= 'A' && line[at] <= 'Z' && end - at > 2;
      if ((called || type) && end - at > 2) names.insert(line.substr(at, end - at));
      at = end;
    }
  }
  for (const std::string& name : own) names.erase(name);
  return names;
}

std::vector<Callee> find_definitions(const Tree& tree, const BlobReader& read,
                                     const std::set<std::string>& names,
                                     const std::set<std::string>& without) {
  std::vector<Callee> found;
  if (names.empty()) return found;
  std::int64_t bytes_read = 0;
  for (const auto& [path, entry] : tree) {
    if (without.count(path) != 0 || entry.mode == FileMode::symlink) continue;
    if (entry.size > most_file_bytes) continue;
    bytes_read += entry.size;
    if (bytes_read > most_bytes) break;
    const auto bytes = read(entry.blob);
    if (!bytes || !is_text(*bytes)) continue;
    std::size_t number = 0;
    for (const std::string& line : split_lines(*bytes)) {
      ++number;
      if (line.size() > 400) continue;
      const std::string name = name_on(line);
      if (names.count(name) == 0) continue;
      found.push_back({name, path, number, std::string(trim(line))});
    }
  }
  return found;
}

std::string show_signatures(std::vector<Callee> definitions, std::int64_t budget) {
  std::map<std::string, int> count;
  for (const Callee& one : definitions) ++count[one.name];
  std::string text;
  std::size_t shown = 0;
  for (const Callee& one : definitions) {
    if (count[one.name] > 2) continue;
    const std::string line =
        one.path + ":" + std::to_string(one.line) + ": " + clip(one.signature, most_line) + "\n";
    if (shown == most_shown || estimate_tokens(text + line) > budget) break;
    text += line;
    ++shown;
  }
  return text;
}

}  // namespace mixagent
