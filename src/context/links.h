#pragma once
// Who uses whose names: a graph of files, and rank in it. Pure.

#include "context/facts.h"

#include <cstdint>
#include <vector>

namespace mixagent {

// Edges of file i: [begin[i], begin[i + 1]). Both directions are held: to what a file uses and,
// weaker, to what uses it.
struct FileLinks {
  std::vector<std::uint32_t> begin, to;
  std::vector<float> weight;  // of one file's edges: their sum is 1
};

// A name that a file uses and others define links it to them; names that few define and few use
// count most, names that many define do not count.
FileLinks link_files(const std::vector<const FactsView*>& files);

// Where one who follows links and, every now and then, starts again at a seed is found; sums to 1.
// Empty seeds: starts anywhere.
std::vector<double> rank_links(const FileLinks& links, const std::vector<double>& seeds);

}  // namespace mixagent
