// What a commit would hold, and whether it can be made.

#include "base/text.h"
#include "system/beneath.h"
#include "workspace/commit.h"
#include "workspace/git_trees.h"
#include "workspace/merge.h"
#include "workspace/names.h"

#include <algorithm>
#include <map>
#include <set>

namespace mixagent {
namespace {

constexpr const char* gitlink = "160000";

FileMode mode_from(const std::string& mode) {
  return mode == "100755"   ? FileMode::executable
         : mode == "120000" ? FileMode::symlink
                            : FileMode::regular;
}

std::string without_carriage_returns(const std::string& text) {
  return text.find('\0') == std::string::npos ? replace_all(text, "\r\n", "\n") : text;
}

class Preparing {
 public:
  Preparing(const CommitSite& site, const Change& change, const CommitOrder& order)
      : site_(site), change_(change), order_(order) {}

  Result<PreparedCommit> prepare() {
    MIX_TRY(made_.parent,
            answer_of(site_.git, {"rev-parse", "--quiet", "--verify", "HEAD^{commit}"}));
    MIX_TRY(made_.done, earlier_commit());
    if (!made_.done.empty()) return made_;
    if (order_.branch.empty()) MIX_OK(refuse_unfinished_merge());
    MIX_TRY(head_, tree_of(site_.git, made_.parent));
    MIX_OK(refuse_submodules());
    MIX_OK(read_attributes());
    MIX_OK(merge_onto_head());
    if (!made_.conflicts.empty()) return made_;
    MIX_OK(write_blobs());
    if (order_.branch.empty()) MIX_OK(refuse_staged());
    return made_;
  }

 private:
  // A process that was killed after it had made the commit.
  Result<std::string> earlier_commit() const {
    const auto name = order_.branch.empty() ? "HEAD" : "refs/heads/" + order_.branch;
    MIX_TRY(const auto id,
            answer_of(site_.git, {"rev-parse", "--quiet", "--verify", name + "^{commit}"}));
    if (id.empty()) return id;
    MIX_TRY(const auto message, answer_of(site_.git, {"log", "-1", "--format=%B", id}));
    const bool ours =
        ("\n" + message + "\n").find("\nMixagent-Run: " + order_.run + "\n") != std::string::npos;
    if (!ours && !order_.branch.empty())
      return fail(ErrorCode::usage, "the branch is already there", order_.branch,
                  "name another one");
    return ours ? id : std::string();
  }

  Result<void> refuse_unfinished_merge() const {
    for (const char* name :
         {"MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply"}) {
      MIX_TRY(const auto path,
              answer_of(site_.git, {"rev-parse", "--path-format=absolute", "--git-path", name}));
      if (!path.empty() && stat_path(path).value_or(std::nullopt))
        return fail(ErrorCode::need_input, "a merge or rebase is under way, nothing is committed",
                    site_.git.root().string(), "finish it, then `mixagent apply`");
    }
    return {};
  }

  Result<void> refuse_submodules() const {
    for (const auto& file : change_.files) {
      for (auto folder = std::string_view(file.path); !folder.empty(); folder = folder_of(folder)) {
        const auto found = head_.find(std::string(folder));
        if (found != head_.end() && found->second.mode == gitlink)
          return fail(ErrorCode::need_input,
                      "files of the submodule " + std::string(folder) +
                          " cannot be committed in the repository around it",
                      file.path, "deliver with --apply and commit there yourself");
      }
    }
    return {};
  }

  // What a filter would store is not what lies in the working tree.
  Result<void> read_attributes() {
    MIX_TRY(const auto automatic, answer_of(site_.git, {"config", "--get", "core.autocrlf"}));
    const bool convert = automatic == "true" || automatic == "input";
    std::string paths;
    for (const auto& file : change_.files) paths += file.path + '\0';
    MIX_TRY(const auto text, output_of(site_.git,
                                       {"check-attr", "-z", "--stdin", "filter", "ident",
                                        "working-tree-encoding", "text"},
                                       paths));
    const auto words = zero_ended(text);
    for (std::size_t at = 0; at + 2 < words.size(); at += 3) {
      const auto &path = words[at], &name = words[at + 1], &value = words[at + 2];
      const bool is_unset = value == "unspecified" || value == "unset";
      if (name == "text") {
        if (value == "set") unix_lines_.insert(path);
        if (value == "auto" || (value == "unspecified" && convert)) maybe_unix_.insert(path);
      } else if (!is_unset) {
        return fail(ErrorCode::need_input,
                    "is stored through git's " + name + " '" + value + "', which is not run here",
                    path, "deliver with --apply, then `git add` and commit yourself");
      }
    }
    return {};
  }

  std::string as_stored(const std::string& path, const std::string& bytes,
                        const std::string& in_head) const {
    const bool convert =
        unix_lines_.count(path) != 0 ||
        (maybe_unix_.count(path) != 0 && in_head.find("\r\n") == std::string::npos);
    return convert ? without_carriage_returns(bytes) : bytes;
  }

  Result<std::map<std::string, std::string>> bytes_in_head() const {
    std::string wanted;
    std::vector<std::string> paths;
    for (const auto& file : change_.files) {
      const auto found = head_.find(file.path);
      if (found == head_.end()) continue;
      wanted += found->second.blob + "\n";
      paths.push_back(file.path);
    }
    std::map<std::string, std::string> bytes;
    if (paths.empty()) return bytes;
    MIX_TRY(const auto text, output_of(site_.git, {"cat-file", "--batch"}, wanted));
    std::size_t at = 0;
    for (const auto& path : paths) {
      const auto end = text.find('\n', at);
      const auto head = split(text.substr(at, end - at), ' ');
      if (end == std::string::npos || head.size() != 3)
        return fail(ErrorCode::process, "git does not have a file of HEAD", path,
                    "fetch it (git fetch), then `mixagent apply`");
      const auto size = static_cast<std::size_t>(std::stoull(head[2]));
      bytes[path] = text.substr(end + 1, size);
      at = end + 1 + size + 1;
    }
    return bytes;
  }

  Result<TreeEntry> stored(const TreeEntry& entry, const std::string& path,
                           const std::string& in_head) const {
    MIX_TRY(const auto bytes, site_.store.get(entry.blob));
    return put(entry.mode == FileMode::symlink ? bytes : as_stored(path, bytes, in_head),
               entry.mode);
  }
  Result<TreeEntry> put(const std::string& bytes, FileMode mode) const {
    TreeEntry entry;
    entry.mode = mode;
    entry.size = static_cast<std::int64_t>(bytes.size());
    MIX_TRY(entry.blob, site_.store.put(bytes, Store::Layer::own));
    return entry;
  }

  // The user's uncommitted edits are in the change's `before`, not in HEAD: taken out again here.
  Result<void> merge_onto_head() {
    MIX_TRY(const auto in_head, bytes_in_head());
    Tree base, ours, theirs;
    for (const auto& file : change_.files) {
      const auto found = in_head.find(file.path);
      const auto committed = found == in_head.end() ? std::string() : found->second;
      if (found != in_head.end()) {
        MIX_TRY(ours[file.path], put(committed, mode_from(head_[file.path].mode)));
      }
      if (file.before) {
        MIX_TRY(base[file.path], stored(*file.before, file.path, committed));
      }
      if (file.after) {
        MIX_TRY(theirs[file.path], stored(*file.after, file.path, committed));
      }
      // A file that git did not know, changed by the run: it becomes known as it is now.
      if (found == in_head.end() && file.after) base.erase(file.path);
    }
    MIX_TRY(const auto merged, merge_trees(base, ours, theirs, site_.store));
    made_.conflicts = merged.conflicts;
    for (const auto& file : change_.files) {
      const auto found = merged.tree.find(file.path);
      if (found == merged.tree.end()) {
        if (head_.count(file.path) != 0) made_.files.push_back({file.path, "0", ""});
      } else {
        made_.files.push_back({file.path, git_mode(found->second.mode), found->second.blob.text});
      }
    }
    return {};
  }

  Result<void> write_blobs() {
    const auto folder = site_.scratch / "commit";
    MIX_OK(remove_tree(folder));
    MIX_OK(make_directories(folder));
    std::string list;
    for (std::size_t i = 0; i < made_.files.size(); ++i) {
      if (made_.files[i].blob.empty()) continue;
      MIX_TRY(const auto bytes, site_.store.get(BlobId{made_.files[i].blob}));
      const auto path = folder / std::to_string(i);
      MIX_OK(write_quickly(path, bytes));
      list += path.string() + "\n";
    }
    if (list.empty()) return {};
    MIX_TRY(const auto text,
            output_of(site_.git, {"hash-object", "-w", "--no-filters", "--stdin-paths"}, list));
    const auto ids = split_lines(text);
    std::size_t next = 0;
    for (auto& file : made_.files) {
      if (!file.blob.empty() && next < ids.size()) file.blob = ids[next++];
    }
    return remove_tree(folder);
  }

  Result<void> refuse_staged() const {
    std::map<std::string, GitEntry> wanted;
    for (const auto& file : made_.files) wanted[file.path] = {file.mode, file.blob};
    GitTree index;
    MIX_TRY(const auto text, output_of(site_.git, {"ls-files", "-s", "-z"}));
    for (const auto& record : zero_ended(text)) {
      const auto tab = record.find('\t');
      const auto words = split(record.substr(0, tab), ' ');
      if (tab != std::string::npos && words.size() >= 2)
        index[record.substr(tab + 1)] = {words[0], words[1]};
    }
    for (const auto& [path, entry] : wanted) {
      const GitTree::const_iterator staged = index.find(path), committed = head_.find(path);
      const bool as_head = (staged == index.end()) == (committed == head_.end()) &&
                           (staged == index.end() || staged->second == committed->second);
      const bool as_wanted = staged == index.end() ? entry.blob.empty() : staged->second == entry;
      if (!as_head && !as_wanted)
        return fail(ErrorCode::need_input, "has staged edits of yours, nothing is committed", path,
                    "commit or unstage them (git restore --staged), then run again");
    }
    return {};
  }

  const CommitSite& site_;
  const Change& change_;
  const CommitOrder& order_;
  GitTree head_;
  std::set<std::string> unix_lines_, maybe_unix_;
  PreparedCommit made_;
};

}  // namespace

Result<PreparedCommit> prepare_commit(const CommitSite& site, const Change& change,
                                      const CommitOrder& order) {
  return Preparing(site, change, order).prepare();
}

}  // namespace mixagent
