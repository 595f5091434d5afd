#include "retrieval_score.h"

#include "base/text.h"
#include "context/map.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

namespace mixagent {

namespace {

double recall(const std::vector<RankedFile>& ranking, std::size_t count,
              const std::set<std::string>& gold) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < count && i < ranking.size(); ++i)
    found += gold.count(ranking[i].path);
  return static_cast<double>(found) / static_cast<double>(gold.size());
}

double recall_of_set(const std::set<std::string>& seen, const std::set<std::string>& gold) {
  std::size_t found = 0;
  for (const std::string& path : gold) found += seen.count(path);
  return static_cast<double>(found) / static_cast<double>(gold.size());
}

// Of the files that a map names: those of which it says more, or of which there is no more to say.
std::set<std::string> shown_in(const Index& index, const std::vector<RankedFile>& ranking,
                               const RepoMap& map) {
  std::set<std::string> shown;
  std::size_t at = 0;
  for (const std::string& line : split_lines(map.text)) {
    const bool definition = line.rfind("  ", 0) == 0;
    if (!definition) ++at;
    const RankedFile& file = ranking[at - 1];
    if (definition || index.files[file.place].facts.definitions.empty()) shown.insert(file.path);
  }
  return shown;
}

std::set<std::string> read_in_two_turns(const Index& index,
                                        const std::vector<RankedFile>& ranking) {
  std::set<std::string> seen;
  std::vector<double> known(index.files.size(), 0), wish(index.files.size(), 0);
  const double most = ranking.empty() ? 1 : std::max(ranking.front().score, 1e-9);
  for (const RankedFile& file : ranking) known[file.place] = file.score / most;
  for (std::size_t i = 0; i < 3 && i < ranking.size(); ++i) {
    seen.insert(ranking[i].path);
    const std::size_t f = ranking[i].place;
    for (std::uint32_t e = index.links.begin[f]; e < index.links.begin[f + 1]; ++e) {
      const std::size_t to = index.links.to[e];
      wish[to] += static_cast<double>(index.links.weight[e]) * (0.1 + known[to]);
    }
  }
  std::vector<std::size_t> order(wish.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return wish[a] > wish[b]; });
  std::size_t followed = 0, listed = 0;
  for (const std::size_t f : order) {
    if (followed == 3 || wish[f] <= 0) break;
    if (seen.insert(index.files[f].path).second) ++followed;
  }
  for (const RankedFile& file : ranking) {
    if (listed == 2) break;
    if (seen.insert(file.path).second) ++listed;
  }
  return seen;
}

}  // namespace

Figures figures_of(const Index& index, const std::vector<RankedFile>& ranking,
                   const std::set<std::string>& gold, const std::string& query) {
  Figures figures{};
  std::size_t at = 0;
  for (const std::size_t count : {1U, 3U, 5U, 10U}) figures[at++] = recall(ranking, count, gold);
  const auto first = std::find_if(ranking.begin(), ranking.end(), [&](const RankedFile& file) {
    return gold.count(file.path) != 0;
  });
  figures[at++] =
      first == ranking.end() ? 0 : 1.0 / static_cast<double>(first - ranking.begin() + 1);
  for (const std::int64_t budget : {1'000, 4'000, 8'000}) {
    const RepoMap map = map_files(index, ranking, query, budget);
    figures[at++] = recall(ranking, map.shown, gold);
    figures[at++] = recall_of_set(shown_in(index, ranking, map), gold);
  }
  figures[at++] = recall_of_set(read_in_two_turns(index, ranking), gold);
  return figures;
}

Figures mean_of(const std::vector<Figures>& all) {
  Figures mean{};
  for (const Figures& one : all) {
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] += one[i] / static_cast<double>(all.size());
    }
  }
  return mean;
}

Interval bootstrap(const std::vector<double>& differences, const std::vector<std::string>& groups) {
  std::map<std::string, std::vector<double>> by_group;
  for (std::size_t i = 0; i < differences.size(); ++i)
    by_group[groups[i]].push_back(differences[i]);
  std::vector<const std::vector<double>*> all;
  for (const auto& [name, values] : by_group) all.push_back(&values);
  if (all.empty()) return {};
  std::mt19937 random(1);  // NOLINT: the same figures every time
  std::vector<double> means;
  for (int round = 0; round < 10'000; ++round) {
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& group = *all[random() % all.size()];
      sum += std::accumulate(group.begin(), group.end(), 0.0);
      count += static_cast<double>(group.size());
    }
    means.push_back(sum / count);
  }
  std::sort(means.begin(), means.end());
  const double sum = std::accumulate(differences.begin(), differences.end(), 0.0);
  return {sum / static_cast<double>(differences.size()), means[means.size() / 40],
          means[means.size() - means.size() / 40 - 1]};
}

}  // namespace mixagent
