#include "context/rank.h"

#include "base/text.h"
#include "context/words.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace mixagent {

namespace {

// Found on half of the repositories of the retrieval benchmark (tests/bench), checked on the
// others; none of them is decisive.
struct Weights {
  double text = 0.6, definitions = 0.2, path = 0.3, names = 0.3, subjects = 0.7, recent = 0.3;
  double together = 0.3, links = 0.4, named = 2.0;
};
constexpr Weights weights;

constexpr std::size_t most_seeds = 20;   // files from which links and commits are followed
constexpr std::size_t half_life = 300;   // commits, of what "changes often" means
constexpr std::size_t most_likely = 40;  // past commits that speak for their files

using Scores = std::vector<double>;

struct Word {
  std::uint32_t hash = 0;
  double rarity = 0;  // in the files' texts
};

struct Asked {
  GoalWords parts;
  std::vector<Word> words;
};

void to_one(Scores& scores) {
  const double most = scores.empty() ? 0 : *std::max_element(scores.begin(), scores.end());
  if (most <= 0) return;
  for (double& score : scores) score /= most;
}

double rarity(double holders, double all) {
  return std::log(1 + (all - holders + 0.5) / (holders + 0.5));
}

Asked read_goal(const Index& index, const std::string& text) {
  Asked goal{goal_words(text), {}};
  double texts = 0;
  for (const IndexedFile& file : index.files) texts += file.facts.text ? 1 : 0;
  for (const std::string& word : goal.parts.words) {
    const std::uint32_t hash = hash_of(word);
    double holders = 0;
    for (const IndexedFile& file : index.files) holders += file.facts.term(hash).count > 0 ? 1 : 0;
    goal.words.push_back({hash, rarity(holders, texts)});
  }
  return goal;
}

// BM25 over the words of the text, and the same over the words of the defined names.
void rank_contents(const Index& index, const Asked& goal, Scores& text, Scores& definitions) {
  double length = 0, texts = 0;
  for (const IndexedFile& file : index.files) {
    length += file.facts.length;
    texts += file.facts.text ? 1 : 0;
  }
  const double mean = std::max(length / std::max(texts, 1.0), 1.0);
  for (std::size_t f = 0; f < index.files.size(); ++f) {
    const FactsView& facts = index.files[f].facts;
    const double longer = 0.25 + 0.75 * facts.length / mean;
    for (const Word& word : goal.words) {
      const std::uint32_t counts = facts.term(word.hash).count;
      const double in_text = counts & 0xffffU, in_names = counts >> 16U;
      text[f] += word.rarity * in_text * 2.2 / (in_text + 1.2 * longer);
      definitions[f] += word.rarity * in_names / (in_names + 0.5 + 0.5 * longer);
    }
  }
}

void rank_paths(const Index& index, const Asked& goal, Scores& path) {
  std::unordered_map<std::uint32_t, std::size_t> wanted;
  for (std::size_t w = 0; w < goal.words.size(); ++w) wanted[goal.words[w].hash] = w;
  std::vector<std::vector<float>> found(index.files.size());  // by file and word: how near the end
  std::vector<double> holders(goal.words.size(), 0);
  for (std::size_t f = 0; f < index.files.size(); ++f) {
    const std::string& name = index.files[f].path;
    const auto slash = name.rfind('/');
    const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
    const auto note = [&](std::string_view part, float worth) {
      each_word(part, [&](const std::string& word) {
        const auto at = wanted.find(hash_of(word));
        if (at == wanted.end()) return;
        found[f].resize(goal.words.size());
        found[f][at->second] = std::max(found[f][at->second], worth);
      });
    };
    note(std::string_view(name).substr(0, base), 0.5F);
    note(std::string_view(name).substr(base), 1.0F);
    for (std::size_t w = 0; w < found[f].size(); ++w) holders[w] += found[f][w] > 0 ? 1 : 0;
  }
  for (std::size_t f = 0; f < index.files.size(); ++f) {
    for (std::size_t w = 0; w < found[f].size(); ++w) {
      path[f] += static_cast<double>(found[f][w]) *
                 rarity(holders[w], static_cast<double>(index.files.size()));
    }
  }
}

bool names_path(const GoalWords& goal, std::string_view path) {
  const auto slash = path.rfind('/');
  const auto file = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return std::any_of(
      goal.identifiers.begin(), goal.identifiers.end(), [&](const std::string& name) {
        const std::string tail = "/" + name;
        const bool ends =
            path.size() >= tail.size() && path.substr(path.size() - tail.size()) == tail;
        return name == file || name == path || (name.find('/') != std::string::npos && ends);
      });
}

// Names of the goal, as written: defining one counts more than using it, and rare ones more.
void rank_names(const Index& index, const Asked& goal, Scores& names) {
  for (const std::string& name : goal.parts.names) {
    const std::uint32_t hash = hash_of(name);
    double definers = 0, users = 0;
    std::vector<float> here(index.files.size(), 0);
    for (std::size_t f = 0; f < index.files.size(); ++f) {
      const FactsView& facts = index.files[f].facts;
      const bool defines = std::binary_search(facts.defined.begin(), facts.defined.end(), hash);
      const bool uses = defines || std::binary_search(facts.names.begin(), facts.names.end(), hash);
      definers += defines ? 1 : 0;
      users += uses ? 1 : 0;
      here[f] = defines ? 2.0F : uses ? 1.0F : 0.0F;
    }
    const auto all = static_cast<double>(index.files.size());
    for (std::size_t f = 0; f < index.files.size(); ++f) {
      if (here[f] > 1) names[f] += rarity(definers, all);
      if (here[f] > 0) names[f] += 0.5 * rarity(users, all);
    }
  }
}

// Commits as sets of files of this tree.
struct Past {
  std::vector<std::vector<std::uint32_t>> files;
};

Past files_of(const Index& index, const std::vector<PastCommit>& history) {
  std::unordered_map<std::string_view, std::uint32_t> places;
  for (std::uint32_t f = 0; f < index.files.size(); ++f) places[index.files[f].path] = f;
  Past past;
  for (const PastCommit& commit : history) {
    std::vector<std::uint32_t> files;
    for (const std::string& path : commit.files) {
      if (const auto at = places.find(path); at != places.end()) files.push_back(at->second);
    }
    past.files.push_back(std::move(files));
  }
  return past;
}

// Past commits whose subject is like the goal speak for the files that they changed.
void rank_subjects(const std::vector<PastCommit>& history, const Past& past, const Asked& goal,
                   Scores& subjects) {
  std::unordered_map<std::uint32_t, std::size_t> wanted;
  for (std::size_t w = 0; w < goal.words.size(); ++w) wanted[goal.words[w].hash] = w;
  std::vector<double> holders(goal.words.size(), 0);
  std::vector<std::vector<bool>> found(history.size());
  std::vector<double> length(history.size(), 0);
  for (std::size_t c = 0; c < history.size(); ++c) {
    each_word(history[c].subject, [&](const std::string& word) {
      length[c] += 1;
      const auto at = wanted.find(hash_of(word));
      if (at == wanted.end()) return;
      found[c].resize(goal.words.size());
      if (!found[c][at->second]) holders[at->second] += 1;
      found[c][at->second] = true;
    });
  }
  std::vector<std::pair<double, std::size_t>> likely;
  for (std::size_t c = 0; c < history.size(); ++c) {
    double like = 0;
    for (std::size_t w = 0; w < found[c].size(); ++w) {
      if (found[c][w]) like += rarity(holders[w], static_cast<double>(history.size()));
    }
    if (like > 0) likely.emplace_back(-like / std::sqrt(4 + length[c]), c);
  }
  std::sort(likely.begin(), likely.end());
  if (likely.size() > most_likely) likely.resize(most_likely);
  for (const auto& [like, c] : likely) {
    for (const std::uint32_t f : past.files[c]) {
      subjects[f] += like * like / std::sqrt(static_cast<double>(past.files[c].size()));
    }
  }
}

void rank_recent(const Past& past, Scores& recent) {
  for (std::size_t c = 0; c < past.files.size(); ++c) {
    const double fresh = std::exp2(-static_cast<double>(c) / static_cast<double>(half_life));
    for (const std::uint32_t f : past.files[c]) recent[f] += fresh;
  }
  for (double& score : recent) score = std::sqrt(score);
}

// Only the best files lead on.
Scores seeds_of(const Scores& scores) {
  std::vector<std::size_t> order(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const std::size_t count = std::min(most_seeds, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
                    });
  Scores seeds(scores.size(), 0);
  for (std::size_t i = 0; i < count; ++i) seeds[order[i]] = scores[order[i]] * scores[order[i]];
  return seeds;
}

// Files that were changed together with the seeds.
void rank_together(const Past& past, const Scores& seeds, Scores& together) {
  Scores commits(seeds.size(), 0);
  for (const auto& files : past.files) {
    for (const std::uint32_t f : files) commits[f] += 1;
  }
  for (const auto& files : past.files) {
    if (files.size() < 2) continue;
    double sum = 0;
    for (const std::uint32_t f : files) sum += seeds[f] / (3 + commits[f]);
    for (const std::uint32_t f : files) {
      together[f] += (sum - seeds[f] / (3 + commits[f])) / static_cast<double>(files.size());
    }
  }
}

}  // namespace

std::vector<RankedFile> rank_files(const Index& index, const std::vector<PastCommit>& history,
                                   const std::string& text) {
  const std::size_t count = index.files.size();
  const Asked goal = read_goal(index, text);
  const Past past = files_of(index, history);
  Scores in_text(count), definitions(count), path(count), names(count), subjects(count),
      recent(count), together(count);
  rank_contents(index, goal, in_text, definitions);
  rank_paths(index, goal, path);
  rank_names(index, goal, names);
  rank_subjects(history, past, goal, subjects);
  rank_recent(past, recent);
  for (Scores* scores : {&in_text, &definitions, &path, &names, &subjects, &recent})
    to_one(*scores);

  Scores first(count);
  for (std::size_t f = 0; f < count; ++f) {
    first[f] = index.files[f].worth *
               (weights.text * in_text[f] + weights.definitions * definitions[f] +
                weights.path * path[f] + weights.names * names[f] + weights.subjects * subjects[f]);
  }
  const Scores seeds = seeds_of(first);
  const bool any = std::any_of(seeds.begin(), seeds.end(), [](double seed) { return seed > 0; });
  Scores links = any ? rank_links(index.links, seeds) : Scores(count, 0);
  rank_together(past, seeds, together);
  to_one(links);
  to_one(together);

  std::vector<RankedFile> files;
  files.reserve(count);
  for (std::size_t f = 0; f < count; ++f) {
    const IndexedFile& file = index.files[f];
    RankedFile ranked{file.path, 0, (file.size + 3) / 4, file.facts.text, f, {}};
    ranked.signals = {in_text[f],  definitions[f], path[f],
                      names[f],    subjects[f],    recent[f],
                      together[f], links[f],       names_path(goal.parts, file.path)};
    const Signals& s = ranked.signals;
    const double spoken =
        first[f] + file.worth * (weights.links * s.links + weights.together * s.together);
    // What nothing speaks for is not made likely by being changed often.
    ranked.score = spoken > 0 ? spoken + file.worth * weights.recent * s.recent : 0;
    if (s.named) ranked.score += weights.named;
    files.push_back(std::move(ranked));
  }
  std::stable_sort(files.begin(), files.end(),
                   [](const RankedFile& a, const RankedFile& b) { return a.score > b.score; });
  return files;
}

std::string reasons_for(const RankedFile& file) {
  const Signals& s = file.signals;
  std::vector<std::pair<double, const char*>> reasons = {
      {s.named ? weights.named : 0, "named in the goal"},
      {weights.text * s.text, "words in its text"},
      {weights.definitions * s.definitions, "words in what it defines"},
      {weights.path * s.path, "words in its path"},
      {weights.names * s.names, "names of the goal"},
      {weights.subjects * s.subjects, "changed for such goals before"},
      {weights.recent * s.recent, "changes often"},
      {weights.together * s.together, "changes with the others"},
      {weights.links * s.links, "used by or uses the others"}};
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (std::size_t i = 0; i < 3 && reasons[i].first > 0.05; ++i) {
    text += (text.empty() ? "" : ", ") + std::string(reasons[i].second);
  }
  return text;
}

}  // namespace mixagent
