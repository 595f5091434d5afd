#pragma once
// The files of one tree with what is known of each: by name, by content (facts, read once per
// content), by neighbours (links). Built for one tree, then only read.

#include "context/facts_cache.h"
#include "context/links.h"

#include "mixagent/context.h"
#include "mixagent/process.h"

#include <memory>
#include <string>
#include <vector>

namespace mixagent {

struct IndexedFile {
  std::string path;
  std::int64_t size = 0;
  FactsView facts;
  double worth = 1;  // how likely anybody wants to see it, judged by name and shape: 0..1
};

struct Index {
  std::vector<IndexedFile> files;  // sorted by path
  FileLinks links;
  bool definitions = false;  // ctags was there
  std::size_t read_now = 0;  // files whose facts were not known yet
};

// How definitions are found; no `processes`: not at all.
struct IndexTools {
  Processes* processes = nullptr;
  std::string search_path;  // of programs
};

// Files that cannot be read, binary and huge ones are known by their names alone.
Index build_index(const Tree& tree, const BlobReader& read, FactsCache& cache,
                  const IndexTools& tools);

// By name and shape: lock files, generated, vendored and copied ones are worth little, tests and
// prose less than sources.
double worth_of(std::string_view path);
bool is_test_path(std::string_view path);

}  // namespace mixagent
