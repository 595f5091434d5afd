#pragma once
// Retrieval tasks on real commits: a query, the commit before the change, the files it changed.

#include "system/git.h"

#include "mixagent/context.h"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace mixagent {

struct RetrievalTask {
  std::string id, repository, base, query;
  std::set<std::string> gold;
};

std::vector<RetrievalTask> read_tasks(const std::filesystem::path& file);
// "owner/name" -> bare repository, of a folder of OWNER+NAME or OWNER+NAME/repo.
std::map<std::string, std::filesystem::path> find_mirrors(const std::filesystem::path& folder);

// A commit of a bare repository, with the bytes of all its files.
struct CommitFiles {
  Tree tree;
  std::map<std::string, std::string> bytes;  // by blob
  BlobReader reader() const;
};
Result<CommitFiles> read_commit(const Git& git, Processes& processes, const std::string& commit);

}  // namespace mixagent
