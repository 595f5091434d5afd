#pragma once
// A context without a repository map: a worker gets the files its step names, whole.

#include "mixagent/context.h"

#include <string>
#include <vector>

namespace mixagent {

class PlainContext final : public Context {
 public:
  std::string planner_context(const Tree&, const BlobReader&, const std::string&,
                              std::int64_t) const override {
    return "files";
  }
  std::string notes_for(const Tree&, const BlobReader&,
                        const std::vector<std::string>&) const override {
    return "";
  }
  WorkerFiles worker_files(const Tree& tree, const BlobReader&,
                           const std::vector<std::string>& paths, const std::string&,
                           std::int64_t) const override {
    WorkerFiles files;
    for (const std::string& path : paths) {
      if (tree.count(path) != 0) files.whole.push_back(path);
    }
    return files;
  }
};

}  // namespace mixagent
