#include "retrieval_tasks.h"

#include "base/json.h"
#include "base/text.h"
#include "system/files.h"
#include "system/process_posix.h"

namespace mixagent {

namespace {

constexpr std::int64_t most_bytes = 4 << 20;  // larger files are known by name only

// "100644 blob <id>  <size>\t<path>"
void add_entry(const std::string& record, CommitFiles& files) {
  const auto tab = record.find('\t');
  if (tab == std::string::npos || record.compare(7, 4, "blob") != 0) return;
  TreeEntry entry;
  entry.blob = BlobId{record.substr(12, 40)};
  entry.size = std::strtol(record.c_str() + 53, nullptr, 10);
  if (record.compare(0, 6, "120000") == 0) entry.mode = FileMode::symlink;
  files.tree[record.substr(tab + 1)] = entry;
}

void add_bytes(const std::string& out, CommitFiles& files) {
  for (std::size_t at = 0; at < out.size();) {
    const auto end = out.find('\n', at);
    const std::string head = out.substr(at, end - at);
    at = end + 1;
    const auto parts = split(head, ' ');
    if (parts.size() != 3) continue;  // "<id> missing"
    const auto size = static_cast<std::size_t>(std::strtoul(parts[2].c_str(), nullptr, 10));
    files.bytes[parts[0]] = out.substr(at, size);
    at += size + 1;
  }
}

}  // namespace

std::vector<RetrievalTask> read_tasks(const std::filesystem::path& file) {
  std::vector<RetrievalTask> tasks;
  const auto text = read_file(file);
  if (!text) return tasks;
  for (const std::string& line : split_lines(*text)) {
    const auto row = parse_json(line);
    if (!row) continue;
    RetrievalTask task{string_or(*row, "id"),
                       string_or(*row, "repo"),
                       string_or(*row, "base_commit"),
                       string_or(*row, "query"),
                       {}};
    for (const Json& path : member(*row, "gold_files")) task.gold.insert(path.get<std::string>());
    tasks.push_back(std::move(task));
  }
  return tasks;
}

std::map<std::string, std::filesystem::path> find_mirrors(const std::filesystem::path& folder) {
  std::map<std::string, std::filesystem::path> mirrors;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    std::string name = entry.path().filename().string();
    const auto plus = name.find('+');
    if (plus == std::string::npos) continue;
    name[plus] = '/';
    for (const auto& place : {entry.path() / "repo", entry.path()}) {
      if (file_exists(place / "HEAD")) mirrors.emplace(name, place);
    }
  }
  return mirrors;
}

BlobReader CommitFiles::reader() const {
  return [this](const BlobId& blob) -> Result<std::string> {
    const auto found = bytes.find(blob.text);
    if (found == bytes.end()) return fail(ErrorCode::not_found, "no such blob", blob.text);
    return found->second;
  };
}

Result<CommitFiles> read_commit(const Git& git, Processes& processes, const std::string& commit) {
  CommitFiles files;
  MIX_TRY(const Exit listed, git.run({"ls-tree", "-r", "-l", "-z", commit}));
  if (listed.code != 0) return fail(ErrorCode::not_found, "no such commit", commit);
  for (const std::string& record : split(listed.out, '\0')) add_entry(record, files);
  Command command;
  command.argv = {"git", "-C", git.root().string(), "cat-file", "--batch"};
  command.env = process_environment();
  command.keep_head = command.kill_after = std::size_t{2} << 30;
  command.input = "";
  std::set<std::string> asked;
  for (const auto& [path, entry] : files.tree) {
    if (entry.size <= most_bytes && asked.insert(entry.blob.text).second)
      *command.input += entry.blob.text + "\n";
  }
  MIX_TRY(const Exit read, processes.run(command, Cancel{}));
  add_bytes(read.out, files);
  return files;
}

}  // namespace mixagent
