#include "context/index.h"

#include "base/text.h"
#include "context/words.h"

#include <algorithm>
#include <future>
#include <initializer_list>
#include <optional>

namespace mixagent {

namespace {

constexpr std::int64_t most_source = 1 << 20, most_other = 128 << 10;  // bytes of a file
constexpr std::int64_t most_bytes = std::int64_t{1} << 30;             // of all
constexpr std::size_t batch_bytes = 8 << 20, batch_files = 1'000;

// "/vendor/" in "/a/vendor/x"
bool holds_any(std::string_view path, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return path.find(part) != std::string_view::npos;
  });
}

bool ends_with_any(std::string_view path, std::initializer_list<std::string_view> ends) {
  return std::any_of(ends.begin(), ends.end(),
                     [&](std::string_view end) { return path.ends_with(end); });
}

bool wanted(const TreeEntry& entry, const std::string& path, std::int64_t bytes_read) {
  if (entry.mode == FileMode::symlink || bytes_read + entry.size > most_bytes) return false;
  return entry.size <= (source_extension(path).empty() ? most_other : most_source);
}

using Definitions = std::optional<std::vector<std::vector<Definition>>>;

// Files whose facts have to be found, some megabytes at a time: while ctags works on one batch, the
// words and names of the one before are counted here.
class Finder {
 public:
  Finder(FactsCache& cache, const IndexTools& tools) : cache_(cache), tools_(tools) {}

  void add(const std::string& path, const BlobId& blob, std::string bytes) {
    held_ += bytes.size();
    gathered_.push_back({path, blob, std::move(bytes)});
    if (held_ < batch_bytes && gathered_.size() < batch_files) return;
    next_batch();
  }

  void finish() {
    next_batch();
    next_batch();
  }

 private:
  struct Waiting {
    std::string path;
    BlobId blob;
    std::string bytes;
  };

  void next_batch() {
    std::vector<Waiting> before = std::move(at_ctags_);
    Definitions found;
    std::vector<std::size_t> places = std::move(places_);
    if (found_.valid()) found = found_.get();
    start();
    std::vector<std::vector<Definition>> definitions(before.size());
    for (std::size_t i = 0; found && i < places.size(); ++i) {
      definitions[places[i]] = std::move((*found)[i]);
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
      cache_.add(before[i].blob, pack_facts(before[i].bytes, definitions[i]));
    }
  }

  void start() {
    at_ctags_ = std::move(gathered_);
    gathered_.clear();
    places_.clear();
    held_ = 0;
    std::vector<Source> sources;
    for (std::size_t i = 0; i < at_ctags_.size(); ++i) {
      const Waiting& file = at_ctags_[i];
      if (source_extension(file.path).empty() || !is_text(file.bytes)) continue;
      sources.push_back({file.path, file.bytes});
      places_.push_back(i);
    }
    if (tools_.processes == nullptr || sources.empty()) return;
    found_ = std::async(std::launch::async, [this, sources = std::move(sources)] {
      return definitions_of(sources, *tools_.processes, tools_.search_path);
    });
  }

  FactsCache& cache_;
  const IndexTools& tools_;
  std::vector<Waiting> gathered_, at_ctags_;
  std::vector<std::size_t> places_;  // in at_ctags_, of what ctags was given
  std::future<Definitions> found_;
  std::size_t held_ = 0;  // bytes gathered
};

// Long lines are written by programs.
double shape_of(const IndexedFile& file) {
  const bool dense = file.facts.text && file.size > 4'000 && file.facts.lines < file.size / 250;
  return dense ? 0.2 : 1.0;
}

}  // namespace

bool is_test_path(std::string_view path) {
  const std::string name = "/" + lower(path);
  if (holds_any(name, {"/test/", "/tests/", "/testing/", "/spec/", "/specs/", "/__tests__/",
                       "/e2e/", "/testdata/", "/fixtures/", "/test_", "/unit_tests/", "/unittest/",
                       "/integration-tests/", "/benchmark"})) {
    return true;
  }
  return holds_any(name.substr(name.rfind('/')), {"_test.", ".test.", ".spec.", "_tests.", "-test.",
                                                  "_spec.", "test-", "tests.", "conftest."});
}

double worth_of(std::string_view path) {
  if (ends_with_any(
          path, {".lock",  "-lock.json", "-lock.yaml", ".min.js", ".min.css", ".map",   ".svg",
                 ".csv",   ".sum",       ".snap",      ".po",     ".pot",     ".ipynb", ".jsonl",
                 ".patch", ".pb.go",     "_pb2.py",    ".golden", ".out",     ".log"})) {
    return 0.1;
  }
  const std::string name = "/" + lower(path);
  if (holds_any(name, {"/vendor/", "/third_party/", "/third-party/", "/node_modules/", "/dist/",
                       "/extern/", "/external/", "/deps/", "/bundled/", "/generated/"})) {
    return 0.2;
  }
  if (is_test_path(path)) return 0.25;
  if (holds_any(name, {"/docs/", "/doc/", "/examples/", "/example/"})) return 0.3;
  if (ends_with_any(name, {".md", ".rst", ".txt", ".html", ".css", ".json", ".yml", ".yaml",
                           ".toml", ".xml", ".cfg", ".ini", ".adoc"})) {
    return 0.4;
  }
  return 1.0;
}

Index build_index(const Tree& tree, const BlobReader& read, FactsCache& cache,
                  const IndexTools& tools) {
  Index index;
  index.files.reserve(tree.size());
  Finder finder(cache, tools);
  std::int64_t bytes_read = 0;
  FactsView facts;
  for (const auto& [path, entry] : tree) {
    index.files.push_back({path, entry.size, {}, worth_of(path)});
    if (!wanted(entry, path, bytes_read)) continue;
    bytes_read += entry.size;
    if (cache.find(entry.blob, facts)) continue;
    auto bytes = read(entry.blob);
    if (!bytes) continue;
    ++index.read_now;
    finder.add(path, entry.blob, std::move(*bytes));
  }
  finder.finish();
  bytes_read = 0;
  for (IndexedFile& file : index.files) {
    const TreeEntry& entry = tree.at(file.path);
    if (!wanted(entry, file.path, bytes_read)) continue;
    bytes_read += entry.size;
    cache.find(entry.blob, file.facts);
    file.worth *= shape_of(file);
    index.definitions = index.definitions || !file.facts.definitions.empty();
  }
  std::vector<const FactsView*> facts_of;
  facts_of.reserve(index.files.size());
  for (const IndexedFile& file : index.files) facts_of.push_back(&file.facts);
  index.links = link_files(facts_of);
  return index;
}

}  // namespace mixagent
