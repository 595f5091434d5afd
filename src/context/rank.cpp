#include "context/rank.h"

#include "base/text.h"
#include "context/words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <unordered_map>

namespace mixagent {

namespace {

constexpr std::int64_t most_file_bytes = 256 << 10;
constexpr std::int64_t most_bytes = 96 << 20;

constexpr double path_weight = 3.0;        // a word in the path says more than one in the text
constexpr double identifier_weight = 6.0;  // the goal names it
constexpr double named_path_weight = 20.0;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Files that are rarely read by anyone, however often the words stand in them.
double usefulness(std::string_view path) {
  static constexpr std::array<std::string_view, 14> generated = {
      ".lock", "-lock.json", "-lock.yaml", ".min.js", ".min.css", ".map",   ".svg",
      ".csv",  ".sum",       ".snap",      ".po",     ".ipynb",   ".jsonl", ".patch"};
  for (const auto end : generated) {
    if (ends_with(path, end)) return 0.1;
  }
  for (const auto part :
       {"vendor/", "third_party/", "node_modules/", "dist/", "fixtures/", "testdata/"}) {
    if (path.find(part) != std::string_view::npos) return 0.2;
  }
  if (path.find("test") != std::string_view::npos) return 0.7;
  if (ends_with(path, ".md") || ends_with(path, ".rst") || ends_with(path, ".txt")) return 0.6;
  return 1.0;
}

// What one file holds of the goal.
struct Hits {
  std::vector<int> in_path, in_text;  // by word of the goal
  int identifiers = 0;
  bool named = false;  // the goal holds its path or file name
  double length = 0;   // words in the text
};

class Counter {
 public:
  explicit Counter(const GoalWords& goal) : goal_(goal) {
    for (std::size_t i = 0; i < goal.words.size(); ++i) index_[goal.words[i]] = i;
  }

  void count(std::string_view text, std::vector<int>& hits, double& length) const {
    hits.resize(goal_.words.size());
    for (const std::string& word : words_of(text)) {
      length += 1;
      const auto found = index_.find(word);
      if (found != index_.end()) ++hits[found->second];
    }
  }

  int identifiers_in(std::string_view text) const {
    int found = 0;
    for (const std::string& name : goal_.identifiers) {
      if (name.find('/') == std::string::npos && text.find(name) != std::string_view::npos) ++found;
    }
    return found;
  }

  bool names(std::string_view path) const {
    const auto slash = path.rfind('/');
    const auto file = slash == std::string_view::npos ? path : path.substr(slash + 1);
    return std::any_of(
        goal_.identifiers.begin(), goal_.identifiers.end(), [&](const std::string& name) {
          return name == file || name == path ||
                 (name.find('/') != std::string::npos && ends_with(path, "/" + name));
        });
  }

 private:
  const GoalWords& goal_;
  std::unordered_map<std::string, std::size_t> index_;
};

// How much a word tells: the fewer files hold it, the more.
std::vector<double> weights(const std::vector<Hits>& files, std::size_t words) {
  std::vector<double> weight(words);
  for (std::size_t w = 0; w < words; ++w) {
    double holders = 0;
    for (const Hits& hits : files) {
      const bool holds = hits.in_path[w] > 0 || (!hits.in_text.empty() && hits.in_text[w] > 0);
      holders += holds ? 1 : 0;
    }
    weight[w] = std::log(1 + (static_cast<double>(files.size()) + 1) / (holders + 1));
  }
  return weight;
}

double score_of(const Hits& hits, const std::vector<double>& weight, double mean_length) {
  double score = hits.named ? named_path_weight : 0;
  score += identifier_weight * hits.identifiers;
  for (std::size_t w = 0; w < weight.size(); ++w) {
    if (hits.in_path[w] > 0) score += path_weight * weight[w];
    if (hits.in_text.empty() || hits.in_text[w] == 0) continue;
    const double count = hits.in_text[w];
    const double long_file = 0.4 + 0.6 * hits.length / std::max(mean_length, 1.0);
    score += weight[w] * count / (count + 1.2 * long_file);
  }
  return score;
}

}  // namespace

bool is_text(std::string_view bytes) {
  return bytes.find('\0') == std::string_view::npos && valid_utf8(bytes);
}

std::vector<RankedFile> rank_files(const Tree& tree, const BlobReader& read,
                                   const std::string& goal) {
  const GoalWords wanted = goal_words(goal);
  const Counter counter(wanted);
  std::vector<RankedFile> files;
  std::vector<Hits> all;
  std::int64_t bytes_read = 0;
  double words = 0, texts = 0;
  for (const auto& [path, entry] : tree) {
    RankedFile file{path, 0, (entry.size + 3) / 4, false};
    Hits hits;
    double ignored = 0;
    counter.count(path, hits.in_path, ignored);
    hits.named = counter.names(path);
    if (entry.mode != FileMode::symlink && entry.size <= most_file_bytes &&
        bytes_read < most_bytes) {
      bytes_read += entry.size;
      if (const auto bytes = read(entry.blob); bytes && is_text(*bytes)) {
        file.text = true;
        counter.count(*bytes, hits.in_text, hits.length);
        hits.identifiers = counter.identifiers_in(*bytes);
        words += hits.length;
        texts += 1;
      }
    }
    files.push_back(std::move(file));
    all.push_back(std::move(hits));
  }
  const auto weight = weights(all, wanted.words.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    files[i].score =
        score_of(all[i], weight, words / std::max(texts, 1.0)) * usefulness(files[i].path);
  }
  std::stable_sort(files.begin(), files.end(),
                   [](const RankedFile& a, const RankedFile& b) { return a.score > b.score; });
  return files;
}

}  // namespace mixagent
