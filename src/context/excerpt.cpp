#include "context/excerpt.h"

#include "base/text.h"
#include "context/words.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace mixagent {

namespace {

constexpr std::size_t most_line = 200;  // bytes of one line

// First words that introduce a name in the common languages.
bool defines(std::string_view line) {
  static constexpr std::array<std::string_view, 24> openers = {
      "def ",    "class ",     "func ",      "fn ",      "pub ",      "struct ",
      "enum ",   "interface ", "type ",      "export ",  "function ", "async ",
      "impl ",   "trait ",     "module ",    "public ",  "private ",  "protected ",
      "static ", "const ",     "namespace ", "template", "record ",   "defmodule "};
  const std::string_view text = trim(line);
  const std::size_t indent = line.size() - trim(std::string(line) + ".").size() + 1;
  if (indent > 4) return false;
  return std::any_of(openers.begin(), openers.end(), [&](std::string_view opener) {
    return text.substr(0, opener.size()) == opener;
  });
}

std::string numbered(std::size_t number, std::string_view line) {
  return std::to_string(number) + "\t" + clip(line, most_line) + "\n";
}

struct Candidate {
  std::size_t line = 0;
  int worth = 0;
};

std::vector<Candidate> candidates(const std::vector<std::string>& lines, const GoalWords& goal) {
  std::vector<Candidate> found;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    int worth = defines(lines[i]) ? 1 : 0;
    std::set<std::string> hits;
    for (const std::string& word : words_of(lines[i])) {
      if (std::find(goal.words.begin(), goal.words.end(), word) != goal.words.end())
        hits.insert(word);
    }
    worth += 2 * static_cast<int>(hits.size());
    for (const std::string& name : goal.identifiers) {
      if (lines[i].find(name) != std::string::npos) worth += 4;
    }
    if (worth > 0) found.push_back({i, worth});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Candidate& a, const Candidate& b) { return a.worth > b.worth; });
  return found;
}

}  // namespace

Excerpt excerpt_of(std::string_view text, const std::string& goal, std::int64_t budget) {
  const auto lines = split_lines(text);
  std::set<std::size_t> shown;
  std::size_t room = static_cast<std::size_t>(std::max<std::int64_t>(budget, 0)) * 4;
  for (const Candidate& candidate : candidates(lines, goal_words(goal))) {
    const std::size_t around = candidate.worth > 1 ? 1 : 0;
    const std::size_t first = candidate.line >= around ? candidate.line - around : 0;
    const std::size_t last = std::min(candidate.line + around, lines.size() - 1);
    std::size_t cost = 4;  // a gap
    for (std::size_t i = first; i <= last; ++i) {
      if (shown.count(i) == 0) cost += std::min(lines[i].size(), most_line) + 8;
    }
    if (cost > room) break;
    room -= cost;
    for (std::size_t i = first; i <= last; ++i) shown.insert(i);
  }
  Excerpt excerpt;
  std::size_t next = 0;
  for (const std::size_t i : shown) {
    if (i != next) excerpt.text += "...\n";
    excerpt.text += numbered(i + 1, lines[i]);
    next = i + 1;
  }
  if (!shown.empty() && next < lines.size()) excerpt.text += "...\n";
  excerpt.lines = shown.size();
  return excerpt;
}

}  // namespace mixagent
