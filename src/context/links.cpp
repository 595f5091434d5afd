#include "context/links.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace mixagent {

namespace {

constexpr std::size_t most_definers = 6;  // of one name: more is a common word
constexpr float backwards = 0.5F;
constexpr double follow = 0.6;
constexpr int rounds = 12;

struct Edge {
  std::uint32_t from = 0, to = 0;
  float weight = 0;
};

struct Target {
  std::uint32_t to = 0;
  float weight = 0;
};

// Names by hash, in a table of open places.
class Names {
 public:
  explicit Names(std::size_t count) {
    std::size_t size = 16;
    while (size < 2 * count) size *= 2;
    places_.assign(size, none);
    keys_.resize(size);
  }
  std::uint32_t& operator[](std::uint32_t key) {
    std::size_t at = (key * 0x9e37'79b1U) & (places_.size() - 1);
    while (places_[at] != none && keys_[at] != key) at = (at + 1) & (places_.size() - 1);
    keys_[at] = key;
    return places_[at];
  }
  static constexpr std::uint32_t none = 0xffff'ffff;

 private:
  std::vector<std::uint32_t> places_, keys_;
};

struct Name {
  std::uint32_t first = 0, definers = 0, users = 0;  // `first` into the list of definers
};

// There are millions: they are dealt out to their files first, so that only short lists are sorted.
FileLinks pack_edges(const std::vector<Edge>& edges, std::size_t files) {
  std::vector<std::uint32_t> end(files + 1, 0);  // of each file's share
  for (const Edge& edge : edges) ++end[edge.from + 1];
  std::partial_sum(end.begin(), end.end(), end.begin());
  std::vector<Target> targets(edges.size());
  for (const Edge& edge : edges) targets[end[edge.from]++] = {edge.to, edge.weight};

  FileLinks links;
  links.begin.assign(files + 1, 0);
  std::uint32_t first = 0;
  for (std::size_t f = 0; f < files; ++f) {
    const auto share = std::span(targets).subspan(first, end[f] - first);
    first = end[f];
    std::sort(share.begin(), share.end(), [](const Target& a, const Target& b) {
      return a.to != b.to ? a.to < b.to : a.weight < b.weight;
    });
    for (const Target& target : share) {
      if (links.to.size() > links.begin[f] && links.to.back() == target.to) {
        links.weight.back() += target.weight;
      } else {
        links.to.push_back(target.to);
        links.weight.push_back(target.weight);
      }
    }
    float sum = 0;
    for (std::size_t e = links.begin[f]; e < links.to.size(); ++e) {
      links.weight[e] = std::sqrt(links.weight[e]);  // many shared names are not many links
      sum += links.weight[e];
    }
    for (std::size_t e = links.begin[f]; e < links.to.size(); ++e) links.weight[e] /= sum;
    links.begin[f + 1] = static_cast<std::uint32_t>(links.to.size());
  }
  return links;
}

}  // namespace

FileLinks link_files(const std::vector<const FactsView*>& files) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> defined;  // name, file
  for (std::uint32_t f = 0; f < files.size(); ++f) {
    for (const std::uint32_t name : files[f]->defined) defined.emplace_back(name, f);
  }
  std::sort(defined.begin(), defined.end());
  std::vector<Name> names;
  Names table(defined.size());
  for (std::uint32_t i = 0; i < defined.size(); ++i) {
    if (i == 0 || defined[i].first != defined[i - 1].first) {
      table[defined[i].first] = static_cast<std::uint32_t>(names.size());
      names.push_back({i, 0, 0});
    }
    ++names.back().definers;
  }
  const auto each_use = [&](auto use) {
    for (std::uint32_t f = 0; f < files.size(); ++f) {
      for (const std::uint32_t name : files[f]->names) {
        const std::uint32_t at = table[name];
        if (at != Names::none && names[at].definers <= most_definers) use(f, names[at]);
      }
    }
  };
  each_use([](std::uint32_t, Name& name) { ++name.users; });
  std::vector<Edge> edges;
  each_use([&](std::uint32_t user, const Name& name) {
    const auto weight =
        static_cast<float>(1.0 / (std::sqrt(static_cast<double>(name.users)) * name.definers));
    for (std::uint32_t i = 0; i < name.definers; ++i) {
      const std::uint32_t definer = defined[name.first + i].second;
      if (definer == user) continue;
      edges.push_back({user, definer, weight});
      edges.push_back({definer, user, weight * backwards});
    }
  });
  return pack_edges(edges, files.size());
}

std::vector<double> rank_links(const FileLinks& links, const std::vector<double>& seeds) {
  const std::size_t count = links.begin.empty() ? 0 : links.begin.size() - 1;
  if (count == 0) return {};
  std::vector<double> start(count, 1.0 / static_cast<double>(count));
  const double sum = std::accumulate(seeds.begin(), seeds.end(), 0.0);
  for (std::size_t f = 0; sum > 0 && f < count; ++f) start[f] = seeds[f] / sum;
  std::vector<double> rank = start, next(count);
  for (int round = 0; round < rounds; ++round) {
    double lost = 0;  // at files without links
    std::fill(next.begin(), next.end(), 0.0);
    for (std::size_t f = 0; f < count; ++f) {
      if (links.begin[f] == links.begin[f + 1]) lost += rank[f];
      if (rank[f] == 0) continue;
      for (std::uint32_t e = links.begin[f]; e < links.begin[f + 1]; ++e) {
        next[links.to[e]] += follow * rank[f] * static_cast<double>(links.weight[e]);
      }
    }
    for (std::size_t f = 0; f < count; ++f) {
      rank[f] = next[f] + (1 - follow + follow * lost) * start[f];
    }
  }
  return rank;
}

}  // namespace mixagent
