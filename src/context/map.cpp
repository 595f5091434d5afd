#include "context/map.h"

#include "base/text.h"
#include "context/words.h"

#include <algorithm>
#include <array>
#include <set>

namespace mixagent {

namespace {

constexpr std::size_t most_signature = 80;  // bytes shown
constexpr double first_share = 0.08;  // of the budget: for the first file; later ones get less
constexpr double slower = 5;          // files until a share is halved

struct Wanted {
  std::set<std::string> words, names;
};

// Parts of something else, and what only wraps the rest: shown only where the goal is about them.
bool is_part(const Definition& definition) {
  static constexpr std::array<std::string_view, 15> parts = {
      "variable", "field",  "enumerator", "constant", "property",  "macro",   "label", "selector",
      "key",      "import", "anchor",     "unknown",  "namespace", "package", "module"};
  if (std::find(parts.begin(), parts.end(), definition.kind) != parts.end()) return true;
  return definition.kind == "member" && definition.signature.empty();  // of a struct: no method
}

int worth_of(const Definition& definition, const Wanted& wanted) {
  int worth = is_part(definition) ? 0 : 1;
  if (wanted.names.count(definition.name) != 0) worth += 6;
  each_word(definition.name, [&](const std::string& word) {
    if (wanted.words.count(word) != 0) worth += 2;
  });
  if (definition.name.starts_with("__anon")) worth = 0;
  return worth;
}

std::string line_of(const Definition& definition) {
  std::string text = "  " + std::to_string(definition.line);
  if (definition.end > definition.line) text += "-" + std::to_string(definition.end);
  text += " " + definition.kind + " ";
  if (!definition.scope.empty() && definition.scope.find("__anon") == std::string::npos)
    text += definition.scope + ".";
  return repair_utf8(text + definition.name + clip(definition.signature, most_signature)) + "\n";
}

std::string header_of(const RankedFile& ranked, const IndexedFile& file) {
  std::string text = ranked.path;
  if (file.facts.text) text += " (" + format_count(file.facts.lines) + " lines)";
  return text + "\n";
}

// The definitions that are worth most within `room` bytes, in the order of the file.
std::string definitions_of(const IndexedFile& file, const Wanted& wanted, std::size_t room) {
  struct Choice {
    int worth;
    std::size_t place;
  };
  const auto all = unpack_definitions(file.facts);
  std::vector<Choice> choices;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const int worth = worth_of(all[i], wanted);
    if (worth > 0) choices.push_back({worth, i});
  }
  std::stable_sort(choices.begin(), choices.end(),
                   [](const Choice& a, const Choice& b) { return a.worth > b.worth; });
  std::set<std::size_t> shown;
  std::set<std::string> lines;
  for (const Choice& choice : choices) {
    const std::string line = line_of(all[choice.place]);
    if (line.size() > room) break;
    if (!lines.insert(line).second) continue;
    room -= line.size();
    shown.insert(choice.place);
  }
  std::string text;
  std::vector<std::size_t> order(shown.begin(), shown.end());
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return all[a].line < all[b].line; });
  for (const std::size_t place : order) text += line_of(all[place]);
  return text;
}

}  // namespace

RepoMap map_files(const Index& index, const std::vector<RankedFile>& files, const std::string& goal,
                  std::int64_t budget) {
  const GoalWords parts = goal_words(goal);
  const Wanted wanted{{parts.words.begin(), parts.words.end()},
                      {parts.names.begin(), parts.names.end()}};
  const std::size_t room = static_cast<std::size_t>(std::max<std::int64_t>(budget, 0)) * 4;
  RepoMap map;
  for (const RankedFile& ranked : files) {
    if (ranked.score <= 0) break;
    const IndexedFile& file = index.files[ranked.place];
    std::string piece = header_of(ranked, file);
    if (map.text.size() + piece.size() > room) break;
    const double share =
        static_cast<double>(room) * first_share / (1 + static_cast<double>(map.shown) / slower);
    const auto left = std::min(static_cast<std::size_t>(share), room - map.text.size());
    if (left > piece.size()) piece += definitions_of(file, wanted, left - piece.size());
    map.text += piece;
    ++map.shown;
  }
  return map;
}

}  // namespace mixagent
