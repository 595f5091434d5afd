#include "retrieval_speed.h"

#include "base/digest.h"
#include "context/context.h"
#include "system/files.h"
#include "system/process_posix.h"

#include <fmt/core.h>

#include <cstdlib>
#include <ctime>
#include <random>
#include <sys/resource.h>

namespace mixagent {

namespace {

// Python and Go of some 100 lines, using each other's names as real files do.
class TreeMaker {
 public:
  explicit TreeMaker(std::size_t files) : files_(files) {}

  std::string path(std::size_t i) const {
    return fmt::format("pkg{}/mod{}/{}_{}{}", i / 200, i / 20 % 10, word(i), i,
                       i % 2 == 0 ? ".py" : ".go");
  }

  std::string text(std::size_t i) {
    std::string out;
    for (int f = 0; f < 12; ++f) {
      const std::size_t other = random_() % files_;
      const std::string name = fmt::format("{}_{}_{}", word(i + static_cast<std::size_t>(f)), i, f);
      const std::string used = fmt::format("{}_{}_{}", word(other + 3), other, 3);
      if (i % 2 == 0) {
        out += fmt::format("def {}({}, limit):\n    # {} the {} of {}\n", name, word(random_()),
                           word(random_()), word(random_()), word(random_()));
        for (int line = 0; line < 6; ++line)
          out += fmt::format("    {} = {}({}, {})\n", word(random_()), used, word(random_()), line);
      } else {
        out += fmt::format("func {}({} int) int {{\n\t// {} the {}\n", name, word(random_()),
                           word(random_()), word(random_()));
        for (int line = 0; line < 6; ++line)
          out += fmt::format("\t{} := {}({})\n", word(random_()), used, word(random_()));
        out += "}\n";
      }
    }
    return out;
  }

 private:
  static std::string word(std::size_t n) {
    static constexpr const char* parts[] = {"list",  "page",  "order", "user",  "cache", "token",
                                            "route", "parse", "store", "clock", "frame", "merge"};
    return fmt::format("{}{}", parts[n % 12], parts[n / 12 % 12]);
  }
  std::size_t files_;
  std::mt19937 random_{7};  // NOLINT: the same tree every time
};

long peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

}  // namespace

int bench_speed(std::size_t files, const std::string& folder) {
  Tree tree;
  const std::filesystem::path root = folder;
  TreeMaker maker(files);
  std::int64_t bytes = 0;
  const auto put = [&](std::size_t i) {
    const std::string text = maker.text(i);
    const BlobId blob{sha256_hex(text)};
    bytes += static_cast<std::int64_t>(text.size());
    if (!make_directories(root / "blobs" / blob.text.substr(0, 2))) std::exit(1);
    if (!write_quickly(root / "blobs" / blob.text.substr(0, 2) / blob.text, text)) std::exit(1);
    tree[maker.path(i)] = {blob, FileMode::regular, static_cast<std::int64_t>(text.size())};
  };
  for (std::size_t i = 0; i < files; ++i) put(i);
  const BlobReader read = [&](const BlobId& blob) {
    return read_file(root / "blobs" / blob.text.substr(0, 2) / blob.text);
  };
  ProcessesPosix processes;
  const char* path = std::getenv("PATH");
  const ContextOptions options{&processes, path == nullptr ? "/usr/bin" : path, {}, root / "map"};
  const std::string goal = "paginate the list of orders in cachetoken and userpage";
  fmt::print("{} files, {:.1f} MB; {} MB before\n", tree.size(), static_cast<double>(bytes) / 1e6,
             peak_mb());
  const auto measure = [&](const char* name, const CuratedContext& context) {
    const Stopwatch watch;
    const std::clock_t cpu = std::clock();  // of this process, ctags not counted
    const Survey survey = context.survey(tree, read, goal, 6'000);
    fmt::print("{:<34} {:>8.0f} ms, {:>8.0f} ms of CPU, {:>6} read, peak {} MB\n", name, watch.ms(),
               static_cast<double>(std::clock() - cpu) * 1e3 / CLOCKS_PER_SEC, survey.read_now,
               peak_mb());
  };
  {
    const CuratedContext context(options);
    measure("cold", context);
  }
  {
    const CuratedContext context(options);
    measure("warm (new process: cache read)", context);
    measure("warm (same process)", context);
  }
  for (std::size_t i = 0; i < 10; ++i) put(i);
  const CuratedContext context(options);
  measure("ten files changed", context);
  return 0;
}

}  // namespace mixagent
