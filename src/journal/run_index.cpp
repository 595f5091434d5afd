#include "journal/run_index.h"

#include "system/beneath.h"
#include "system/files.h"
#include "system/folders.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace mixagent {
namespace {

std::vector<std::string> folders_in(const std::filesystem::path& path) {
  std::vector<std::string> names;
  const auto folder = open_directory(path);
  if (!folder) return names;
  const auto entries = entries_of(folder->get(), path.string());
  if (!entries) return names;
  for (const auto& entry : *entries) names.push_back(entry.name);
  return names;
}

void newest_first(std::vector<RunPlace>& runs) {
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.id > b.id; });
}

constexpr const char* list_them = "`mixagent runs` lists the runs of a repository";

}  // namespace

std::filesystem::path runs_folder(const std::filesystem::path& state,
                                  const std::filesystem::path& root) {
  return state / repository_name(root) / "runs";
}

RunId new_run_id(Clock& clock, Random& random) {
  const auto seconds = static_cast<std::time_t>(clock.wall_ms() / 1000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> stamp{};
  std::strftime(stamp.data(), stamp.size(), "%Y%m%d-%H%M%S-", &utc);
  // Without letters and digits that look alike.
  constexpr std::string_view alphabet = "23456789abcdefghjkmnpqrstuvwxyz";
  std::string id = stamp.data();
  auto bits = random.next();
  for (int i = 0; i < 4; ++i, bits /= alphabet.size()) id += alphabet[bits % alphabet.size()];
  return {id};
}

std::vector<RunPlace> list_runs(const std::filesystem::path& runs) {
  std::vector<RunPlace> found;
  for (const auto& name : folders_in(runs)) {
    if (file_exists(runs / name / "events.jsonl")) found.push_back({RunId{name}, runs / name});
  }
  newest_first(found);
  return found;
}

std::vector<RunPlace> list_all_runs(const std::filesystem::path& state) {
  std::vector<RunPlace> found;
  for (const auto& repository : folders_in(state)) {
    const auto runs = list_runs(state / repository / "runs");
    found.insert(found.end(), runs.begin(), runs.end());
  }
  newest_first(found);
  return found;
}

Result<RunPlace> find_run(const std::filesystem::path& runs, std::string_view name) {
  const auto all = list_runs(runs);
  if (all.empty()) {
    return fail(ErrorCode::not_found, "this repository has no runs yet", runs.string(),
                "`mixagent run GOAL` starts one");
  }
  if (name.empty()) return all.front();
  std::vector<RunPlace> matching;
  for (const auto& run : all) {
    if (run.id.text == name) return run;
    if (run.id.text.compare(0, name.size(), name) == 0) matching.push_back(run);
  }
  if (matching.size() == 1) return matching.front();
  if (matching.empty())
    return fail(ErrorCode::not_found, "no such run", std::string(name), list_them);
  return fail(ErrorCode::usage,
              std::to_string(matching.size()) + " runs begin like this, among them " +
                  matching[0].id.text + " and " + matching[1].id.text,
              std::string(name), "give more of the id");
}

}  // namespace mixagent
