// How well the files of a real change are found from its description, against plain baselines; and
// how long that takes. See --help.

#include "base/digest.h"
#include "retrieval_score.h"
#include "retrieval_speed.h"
#include "retrieval_tasks.h"
#include "system/process_posix.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

using namespace mixagent;

namespace {

constexpr const char* help =
    "usage: bench_retrieval tasks MIRRORS TASKS.jsonl [CACHE]   MIRRORS: a folder of "
    "OWNER+NAME[/repo],\n"
    "                                                           bare repositories; CACHE: kept "
    "facts\n"
    "       bench_retrieval speed FILES FOLDER                  a synthetic tree of FILES files, "
    "made in\n"
    "                                                           FOLDER, cold and warm\n";

// A ranking by one number of each file, all files alike.
std::vector<RankedFile> ranking_by(const std::vector<RankedFile>& files,
                                   const std::function<double(const RankedFile&)>& score) {
  std::vector<RankedFile> ranking = files;
  for (RankedFile& file : ranking) file.score = score(file);
  std::sort(ranking.begin(), ranking.end(), [](const RankedFile& a, const RankedFile& b) {
    return a.score != b.score ? a.score > b.score : a.path < b.path;
  });
  return ranking;
}

struct Outcome {
  std::string repository;
  bool tuned = false;  // its repository was used for finding the weights
  std::vector<Figures> by_ranking;
};

constexpr std::array<const char*, 6> ranking_names = {"mixagent",     "without past commits",
                                                      "path words",   "BM25 of contents",
                                                      "BM25 x worth", "graph alone"};

std::vector<Figures> compare(const Index& index, const std::vector<PastCommit>& history,
                             const RetrievalTask& task, double& rank_ms) {
  const Stopwatch watch;
  const auto ours = rank_files(index, history, task.query);
  rank_ms = watch.ms();
  const auto page = rank_links(index.links, {});
  const std::vector<std::vector<RankedFile>> rankings = {
      ours,
      rank_files(index, {}, task.query),
      ranking_by(ours, [](const RankedFile& file) { return file.signals.path; }),
      ranking_by(ours, [](const RankedFile& file) { return file.signals.text; }),
      ranking_by(ours,
                 [&](const RankedFile& file) {
                   return file.signals.text * index.files[file.place].worth;
                 }),
      ranking_by(ours, [&](const RankedFile& file) { return page[file.place]; })};
  std::vector<Figures> figures;
  for (const auto& ranking : rankings)
    figures.push_back(figures_of(index, ranking, task.gold, task.query));
  return figures;
}

// A coin for each repository that always falls the same way.
bool used_for_tuning(const std::string& repository) {
  const char last = sha256_hex(repository).back();
  return (last <= '9' ? last - '0' : last - 'a' + 10) % 2 == 0;
}

void print_figures(const std::string& name, const Figures& figures) {
  fmt::print("  {:<22}", name);
  for (const double figure : figures) fmt::print(" {:>9.3f}", figure);
  fmt::print("\n");
}

void report(const std::string& title, const std::vector<Outcome>& outcomes) {
  if (outcomes.empty()) return;
  fmt::print("\n{}: {} tasks\n  {:<22}", title, outcomes.size(), "");
  for (const char* name : figure_names) fmt::print(" {:>9}", name);
  fmt::print("\n");
  std::vector<std::string> groups;
  for (const Outcome& outcome : outcomes) groups.push_back(outcome.repository);
  for (std::size_t r = 0; r < ranking_names.size(); ++r) {
    std::vector<Figures> all;
    for (const Outcome& outcome : outcomes) all.push_back(outcome.by_ranking[r]);
    print_figures(ranking_names[r], mean_of(all));
  }
  for (std::size_t i = 0; i < figure_names.size(); ++i) {
    std::vector<double> differences;
    for (const Outcome& outcome : outcomes)
      differences.push_back(outcome.by_ranking[0][i] - outcome.by_ranking[3][i]);
    const Interval gain = bootstrap(differences, groups);
    fmt::print("  gain over BM25, {:<9} {:+.3f} [{:+.3f}, {:+.3f}]\n", figure_names[i], gain.gain,
               gain.low, gain.high);
  }
}

void report_all(const std::vector<Outcome>& outcomes) {
  std::vector<Outcome> tuned, held_out;
  std::map<std::string, std::vector<Figures>> by_repository, plain;
  for (const Outcome& outcome : outcomes) {
    (outcome.tuned ? tuned : held_out).push_back(outcome);
    by_repository[outcome.repository].push_back(outcome.by_ranking[0]);
    plain[outcome.repository].push_back(outcome.by_ranking[3]);
  }
  report("repositories used for tuning", tuned);
  report("repositories held out", held_out);
  report("all", outcomes);
  fmt::print("\nby repository: recall@5, recall@10, MRR (BM25 of contents)\n");
  for (const auto& [name, figures] : by_repository) {
    const Figures mean = mean_of(figures), bm25 = mean_of(plain[name]);
    fmt::print("  {:<30} {:>2}  {:.2f} ({:.2f})  {:.2f} ({:.2f})  {:.2f} ({:.2f})\n", name,
               figures.size(), mean[2], bm25[2], mean[3], bm25[3], mean[4], bm25[4]);
  }
}

int bench_tasks(const std::string& mirrors_folder, const std::string& tasks_file,
                const std::string& cache) {
  const auto mirrors = find_mirrors(mirrors_folder);
  const auto tasks = read_tasks(tasks_file);
  ProcessesPosix processes;
  const char* path = std::getenv("PATH");
  const IndexTools tools{&processes, path == nullptr ? "/usr/bin" : path};
  std::vector<Outcome> outcomes;
  int absent = 0;
  for (const RetrievalTask& task : tasks) {
    const auto mirror = mirrors.find(task.repository);
    if (mirror == mirrors.end()) {
      ++absent;
      continue;
    }
    const Git git(processes, mirror->second);
    const auto files = read_commit(git, processes, task.base);
    if (!files) {
      ++absent;
      continue;
    }
    const Stopwatch log;
    const auto history = read_history(git, task.base, {});
    const double log_ms = log.ms();
    const Stopwatch indexing;
    FactsCache facts(cache.empty()
                         ? std::filesystem::path()
                         : std::filesystem::path(cache) / mirror->second.parent_path().filename(),
                     1);
    const Index index = build_index(files->tree, files->reader(), facts, tools);
    const double index_ms = indexing.ms();
    facts.save();
    double rank_ms = 0;
    Outcome outcome{task.repository, used_for_tuning(task.repository), {}};
    outcome.by_ranking = compare(index, history, task, rank_ms);
    fmt::print(
        "{:<24} {:>6} files, {:>6} read; log {:.0f} ms, index {:.0f} ms, rank {:.0f} ms; recall@10 "
        "{:.2f}\n",
        task.id, index.files.size(), index.read_now, log_ms, index_ms, rank_ms,
        outcome.by_ranking[0][3]);
    std::fflush(stdout);
    outcomes.push_back(std::move(outcome));
  }
  if (absent > 0)
    fmt::print("SKIPPED: {} tasks, whose repository or commit is not there\n", absent);
  report_all(outcomes);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() >= 3 && arguments[0] == "tasks")
    return bench_tasks(arguments[1], arguments[2], arguments.size() > 3 ? arguments[3] : "");
  if (arguments.size() == 3 && arguments[0] == "speed")
    return bench_speed(std::strtoul(arguments[1].c_str(), nullptr, 10), arguments[2]);
  fmt::print("{}", help);
  return arguments.size() == 1 && arguments[0] == "--help" ? 0 : 2;
}
